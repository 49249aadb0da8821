"""Picture, or what a grade left of it -> the bandwidth and the frequencies that suit it, from its spectrum."""

import math
from typing import Any

import numpy as np

from inr.imaging.image import Image
from inr.settings.shape import FrameName

_REDUCED_SIDE = 512
_SCALE, _EXPONENT = 5.0, 0.3


def median_frequency(image: Image) -> float:
    """Return the frequency, in cycles per longer side, below which half of a picture's variance lies.

    Of the mean over channels, under a Hann window, on a picture reduced to some 512 pixels a side.
    """
    step = max(1, max(image.width, image.height) // _REDUCED_SIDE)
    grey = image.pixels[: image.height // step * step or None, : image.width // step * step or None]
    if min(grey.shape[:2]) >= step > 1:
        shape = (grey.shape[0] // step, step, grey.shape[1] // step, step, -1)
        grey = grey.reshape(shape).mean(axis=(1, 3), dtype=np.float32)
    grey = grey.mean(axis=2, dtype=np.float64)
    window = np.hanning(grey.shape[0] + 2)[1:-1, None] * np.hanning(grey.shape[1] + 2)[None, 1:-1]
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2
    longer = max(grey.shape)
    frequencies = np.stack(np.meshgrid(*(np.fft.fftfreq(side) * longer for side in grey.shape), indexing="ij"))
    return median_radius(frequencies.reshape(2, -1), power.ravel())


def choose_sigma(image: Image) -> float:
    """Return a bandwidth for `fourier`, in cycles per longer side: 5 times the median frequency to the power 0.3.

    The best bandwidth grows far more slowly than the spectrum's reach, for a network fits frequencies a few times
    beyond its features'. Scale and power were fitted to short fits of twelve photographs at five bandwidths.
    """
    return round(min(max(_SCALE * math.pow(median_frequency(image), _EXPONENT), 2.0), 64.0), 2)


def lattice_spectrum(
    values: np.ndarray[Any, Any], width: int, height: int, frame: FrameName, stride: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the frequencies and the power of what the training pixels show, without the constant.

    One of each pair of opposite frequencies is kept, but at the highest along x: real values say the same in both.

    Args:
        values: (N, C) on the training lattice, in reading order.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        frame: whose unit the frequencies are in.
        stride: pixels from one training pixel to the next.

    Returns:
        (2, K) cycles per unit of the coordinate frame along x and y, and (K,) power, summed over the channels.
    """
    rows, columns = -(-height // stride), -(-width // stride)
    lattice = values.reshape(rows, columns, -1).astype(np.float64)
    power = (np.abs(np.fft.rfft2(lattice - lattice.mean(axis=(0, 1)), axes=(0, 1))) ** 2).sum(axis=2)
    # Cycles per pixel, times the pixels that one unit of the frame spans along each axis.
    per_unit = (width, height) if frame == "unit" else (max(width, height) / 2,) * 2
    fy = np.fft.fftfreq(rows, stride)[:, None] * per_unit[1]
    fx = np.fft.rfftfreq(columns, stride)[None, :] * per_unit[0]
    halfway = (fy == fy.min()) & (rows % 2 == 0)  # Nyquist's own row has no opposite
    keep = np.broadcast_to((fx > 0) | (fy > 0) | halfway, power.shape)
    frequencies = np.stack([np.broadcast_to(f, power.shape)[keep] for f in (fx, fy)])
    return frequencies.astype(np.float32), power[keep]


def median_radius(frequencies: np.ndarray[Any, Any], power: np.ndarray[Any, Any]) -> float:
    """Return the length of a frequency below which half of the power lies; 0 if there is none."""
    if power.size == 0 or power.sum() == 0:
        return 0.0
    radius = np.hypot.reduce(np.abs(frequencies))
    order = np.argsort(radius)
    total = np.cumsum(power[order])
    return float(radius[order][np.searchsorted(total, total[-1] / 2)])


def strongest(frequencies: np.ndarray[Any, Any], power: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Return the (2, count) frequencies with most power, strongest first; zeros if there are fewer."""
    chosen = frequencies[:, np.argsort(-power, kind="stable")[:count]]
    return np.pad(chosen, ((0, 0), (0, count - chosen.shape[1])))
