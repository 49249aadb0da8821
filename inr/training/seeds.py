"""The seed of a fit -> a source of randomness of its own for each of its parts."""

import torch


def generator(seed: int, purpose: int) -> torch.Generator:
    """Return a source of randomness of its own for each part of a fit: 0 the encoding, -1 the order, l grade l."""
    return torch.Generator().manual_seed(seed_of(seed, purpose))


def seed_of(seed: int, purpose: int) -> int:
    """Return the seed of a part of a fit, see `generator`."""
    return (seed * 1009 + purpose) % 2**64
