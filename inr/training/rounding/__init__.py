"""Weights on grids, as coarse as a loss or a size allows."""
