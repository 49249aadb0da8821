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
    if setting not in SYNTHETIC:
        raise ConfigError(f"--setting is {setting}; the sums of sines have settings 1 to 4.")
    if setting == 3:
        varying: Array = np.exp(-x) * np.cos((j - 1) * x)
        return varying
    constant: dict[int, Array] = {1: np.ones((20, 1)), 2: 1.05 - 0.05 * j, 4: 0.05 * j}
    return np.repeat(constant[setting], x.size, axis=1)


def manifold_amplitudes(setting: int, x: Array) -> Array:
    """Return (40, n) alpha_j(x) of section 3.2: 0.025 j; e^-x cos(j x), j from 0 as in the code.

    Raises:
        ConfigError: no such setting.
    """
    j, x = np.arange(1, 41)[:, None], np.asarray(x, np.float64)[None]
    if setting not in (1, 2):
        raise ConfigError(f"--setting is {setting}; functions on the manifold have settings 1 and 2.")
    alpha: Array = np.repeat(0.025 * j, x.size, axis=1) if setting == 1 else np.exp(-x) * np.cos((j - 1) * x)
    return alpha


def waves(alpha: Array, x: Array) -> Array:
    """Return (n,) lambda(x) = sum_j alpha_j sin(2 pi kappa_j x + phi_j) of (J, n) amplitudes, in float64."""
    kappa, phi = frequencies(len(alpha))[:, None], PHASES[: len(alpha), None]
    total: Array = (alpha * np.sin(2.0 * np.pi * kappa * np.asarray(x, np.float64)[None] + phi)).sum(axis=0)
    return total
