"""The sums of sines of Fang & Xu 2024, sections 3.1 and 3.2: amplitudes, phases, values."""

from typing import Any

import numpy as np

from inr.errors import ConfigError

Array = np.ndarray[Any, Any]

PHASES = np.random.RandomState(0).uniform(0.0, 2.0 * np.pi, size=40)
"""phi_j, as the authors' code draws them."""
SYNTHETIC = {1: "constant", 2: "decreasing", 3: "varying", 4: "increasing"}
"""Amplitudes of the settings of section 3.1."""


def frequencies(count: int) -> Array:
    """Return (count,) kappa_j = 10 j, cycles per unit."""
    return 10.0 * np.arange(1, count + 1)


def amplitudes(setting: int, x: Array) -> Array:
    """Return (20, n) alpha_j(x) of section 3.1: 1; 1.05 - 0.05 j; e^-x cos(j x), j from 0 as in the code; 0.05 j.

    Raises:
        ConfigError: no such setting.
    """
    j, x = np.arange(1, 21)[:, None], np.asarray(x, np.float64)[None]
    table = {
        1: lambda: np.ones((20, x.size)),
        2: lambda: np.repeat(1.05 - 0.05 * j, x.size, axis=1),
        3: lambda: np.exp(-x) * np.cos((j - 1) * x),
        4: lambda: np.repeat(0.05 * j, x.size, axis=1),
    }
    if setting not in table:
        raise ConfigError(f"--setting is {setting}; the sums of sines have settings 1 to 4.")
    return table[setting]()


def manifold_amplitudes(setting: int, x: Array) -> Array:
    """Return (40, n) alpha_j(x) of section 3.2: 0.025 j; e^-x cos(j x), j from 0 as in the code.

    Raises:
        ConfigError: no such setting.
    """
    j, x = np.arange(1, 41)[:, None], np.asarray(x, np.float64)[None]
    table = {1: lambda: np.repeat(0.025 * j, x.size, axis=1), 2: lambda: np.exp(-x) * np.cos((j - 1) * x)}
    if setting not in table:
        raise ConfigError(f"--setting is {setting}; functions on the manifold have settings 1 and 2.")
    return table[setting]()


def waves(alpha: Array, x: Array) -> Array:
    """Return (n,) lambda(x) = sum_j alpha_j sin(2 pi kappa_j x + phi_j) of (J, n) amplitudes, in float64."""
    kappa, phi = frequencies(len(alpha))[:, None], PHASES[: len(alpha), None]
    total: Array = (alpha * np.sin(2.0 * np.pi * kappa * np.asarray(x, np.float64)[None] + phi)).sum(axis=0)
    return total
