"""Image file <-> pixels: reading, writing, coordinates and training lattices."""
