"""Picture -> bandwidth of Fourier features that suits it, from its spectrum."""

import math

import numpy as np

from inr.imaging.image import Image

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
    rings = np.hypot(*np.meshgrid(*(np.fft.fftfreq(side) * longer for side in grey.shape), indexing="ij")).ravel()
    order = np.argsort(rings)
    total = np.cumsum(power.ravel()[order])
    median: float = rings[order][np.searchsorted(total, total[-1] / 2)]
    return float(median)


def choose_sigma(image: Image) -> float:
    """Return a bandwidth for `fourier`, in cycles per longer side: 5 times the median frequency to the power 0.3.

    The best bandwidth grows far more slowly than the spectrum's reach, for a network fits frequencies a few times
    beyond its features'. Scale and power were fitted to short fits of twelve photographs at five bandwidths.
    """
    return round(min(max(_SCALE * math.pow(median_frequency(image), _EXPONENT), 2.0), 64.0), 2)
