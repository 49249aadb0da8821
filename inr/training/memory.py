"""Picture, configuration and a limit -> the bytes that a fit, and all that is made of it afterwards, may take.

A limit bounds the whole process: training, the file, measuring, pictures and figures. What each of them takes at least
is known from sizes alone, so a fit that cannot keep to its limit is refused before it begins. The counts below are of
the largest tables alive together; they were held against the memory that fits of 0.1 to 3 million pixels took.
"""

import dataclasses
import math

import torch

from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.imaging.sampling import spacing
from inr.machine import GIB, memory_free, memory_used
from inr.networks.chain import grade_inputs
from inr.networks.grade import parameter_shapes
from inr.networks.planes import plane_shape
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining, JointTraining

_LATER = 200 << 20
"""Libraries that are loaded on the way, what they work in, and what the allocator keeps between two uses."""
_NOT_TOLD = 4 * GIB
"""What is taken to be free where the system does not say: a laptop of 8 GiB can spare it."""
_CHUNK = 8192
"""Pixels pushed through a network at once in greedy training and rounding."""
_PLAIN = ("relu", "sine", "tanh", "gelu")
"""Activations that are one function of one number; others compute several numbers for each on the way."""
_STEP = 65_536
"""Pixels of a joint step that are drawn at once."""
_SPECTRUM = 1 << 25
"""Numbers of the prefixes that spectra are made of."""


def memory_limit(
    image: Image, config: FitConfig, memory: float | None, device: torch.device, *, processes: int = 1
) -> int:
    """Return the bytes that this process may hold while it fits a picture, or its GPU if that trains.

    By default what it holds now and half of what is free beside it, or up to nine tenths of that if it takes so much.

    Args:
        image: to be fitted.
        config: of the fit.
        memory: limit in GiB, or None for the default.
        device: that trains.
        processes: that divide what is free among them.

    Raises:
        ConfigError: a limit out of range, or less than the fit takes.
    """
    if memory is not None and not 0.1 <= memory <= 1e6:
        raise ConfigError(f"memory is {memory:g} GiB; it must lie between 0.1 and 1,000,000.")
    used, free = _state(device)
    needed = used + _least(image, config, device)
    most = used + free // 10 * 9 // processes if memory is None else round(memory * GIB)
    if needed > most:
        if memory is not None:
            limit, ways = "--memory allows", [f"--memory {_rounded_up(needed)}"]
        elif processes > 1:
            limit, ways = "each of the --jobs may use", ["fewer --jobs"]
        else:
            limit, ways = "may be used here", []
        pixel = dataclasses.replace(image, pixels=image.pixels[:1, :1])
        of_pixel = _least(pixel, config, device)
        if used + of_pixel <= most:
            ways.append("a smaller picture")
        elif of_pixel > GIB:  # what takes the memory is the networks
            ways.append("a smaller --width or --depth")
        raise ConfigError(
            f"memory: {image.width} x {image.height} pixels with these settings take at least "
            f"{_rounded_up(needed)} GiB, more than the {most / GIB:.1f} GiB that {limit}; "
            f"give {', or '.join(ways) or 'this program more memory'}."
        )
    return most if memory is not None else max(used + free // 2 // processes, needed)


def pool_bytes(image: Image, config: FitConfig, training: GreedyTraining, limit: int, device: torch.device) -> int:
    """Return what greedy training has left of a limit for the inputs that are held at a time.

    Args:
        image: to be fitted.
        config: of the fit.
        training: its training.
        limit: of `memory_limit`.
        device: that trains.
    """
    fixed, smallest = _greedy(image, config, training)
    left = limit - _state(device)[0] - (_LATER if device.type == "cpu" else 0) - fixed
    return max(left, smallest) // 4  # inputs and residual, and both again while a frozen grade is gone through


def _state(device: torch.device) -> tuple[int, int]:
    """Return the bytes that are used and free, of this process or on the GPU."""
    if device.type == "cuda":
        return 0, torch.cuda.mem_get_info(device)[0]
    used, free = memory_used(), memory_free()
    return GIB if used is None else used, 2 * _NOT_TOLD if free is None else free


def _rounded_up(size: int) -> str:
    return f"{math.ceil(10 * size / GIB) / 10:.1f}"


def _least(image: Image, config: FitConfig, device: torch.device) -> int:
    """Return the bytes that a fit takes beside what is used already."""
    if isinstance(config.training, GreedyTraining):
        training = sum(_greedy(image, config, config.training))
    else:
        training = _joint(image, config, config.training)
    if device.type == "cuda":
        return training
    return _LATER + max(training, _afterwards(image, config))


def _greedy(image: Image, config: FitConfig, training: GreedyTraining) -> tuple[int, int]:
    """Return what greedy training takes beside the inputs that are held, and what the fewest of these take."""
    pixels, inputs = _training_pixels(image, config), _inputs(config)
    batch = training.batch(pixels) if training.batch_size is not None else 0
    widest, learned = max(inputs), max(sum(counts) for counts in _counts(image, config))
    neurons = max(
        shape.form.features(shape.width, shape.activation) * shape.depth + image.channels * (1 + 2 * shape.form.shifts)
        for shape in config.grades
    )
    fixed = (
        16 * pixels  # indices, their random order, the next one, and the visits of a pass
        + 20 * learned  # value, gradient, two moments, and a gradient in the making
        + 8 * widest * batch  # gathered, and joined where two passes meet
        + 4 * _CHUNK * 6 * (neurons + widest)  # a chunk on its way through a grade and back
    )
    if training.scale_from_residual or any(shape.form.shifts for shape in config.grades):
        fixed += 48 * pixels * image.channels  # the spectrum of what is left over
    return fixed, 16 * widest * min(pixels, max(_CHUNK, batch))


def _joint(image: Image, config: FitConfig, training: JointTraining) -> int:
    """Return what joint training takes: in the closed form, in its steps, or where its file is made."""
    pixels, counts = _training_pixels(image, config), _latents(image, config)
    latents, finest, colours = sum(counts), max(counts), 4 * image.channels * pixels
    weights = sum(sum(of_grade) for of_grade in _counts(image, config)) - latents
    held = 24 * latents  # with their tables and distributions
    held += colours * (3 if image.channels in (2, 4) else 1)  # and what is seen of each
    solving = 5 * colours + 36 * finest + 4 * latents
    networks = zip(_seen(config), config.grades, strict=True)
    floats = sum(2 * seen + 4 * shape.depth * shape.width for seen, shape in networks)
    drawn = min(-(-pixels // training.row_stride), _STEP)
    steps = (32 * latents + 4 * drawn * floats if training.steps else 0) + 2 * colours
    made = 16 * latents + 40 * finest + 18 * weights**2 + 22_000 * weights
    if config.target_psnr is not None:
        made += 3 * colours  # what is drawn of the file, to see how good it is
    return held + max(solving, steps, made)


def _afterwards(image: Image, config: FitConfig) -> int:
    """Return what the model, its file, its pictures and their spectra take once training is done."""
    counts = [count for of_grade in _counts(image, config) for count in of_grade]
    numbers, largest = sum(counts), max(counts)
    size, grades = image.pixels.size, len(config.grades)
    pictures = grades * size * (2 if image.bit_depth == 16 else 1)
    part = min(image.width * image.height, _SPECTRUM // (image.channels * (grades + 1)))
    models = 24 * numbers  # as trained, and as decoded: float32, and integers
    coding = 40 * largest
    if isinstance(config.training, GreedyTraining):  # it is rounded first: a chunk through all grades and back
        kept = sum(
            (5 if shape.activation in _PLAIN else 9) * shape.form.features(shape.width, shape.activation) * shape.depth
            for shape in config.grades
        )
        coding += 16 * numbers + 4 * _CHUNK * (kept + sum(_inputs(config)))
    return models + max(coding, pictures + 4 * image.channels * grades * part + max(50 * part, 8 * size))


def _training_pixels(image: Image, config: FitConfig) -> int:
    apart = spacing(config.pixels)
    return -(-image.width // apart) * -(-image.height // apart)


def _inputs(config: FitConfig) -> list[int]:
    """Return the features that each grade is handed."""
    return grade_inputs(config.grades, 2 * config.encoding.frequencies or 2, feed=config.feed)


def _seen(config: FitConfig) -> list[int]:
    """Return the features that the first layer of each grade sees."""
    own = (sum(plane.features for plane in shape.planes) for shape in config.grades)
    return [handed + read for handed, read in zip(_inputs(config), own, strict=True)]


def _counts(image: Image, config: FitConfig) -> list[list[int]]:
    """Return the numbers in each tensor that each grade learns."""
    return [
        [math.prod(size) for size in parameter_shapes(inputs, image.channels, shape, image.width, image.height)]
        for inputs, shape in zip(_inputs(config), config.grades, strict=True)
    ]


def _latents(image: Image, config: FitConfig) -> list[int]:
    """Return the numbers in each plane."""
    planes = (plane for shape in config.grades for plane in shape.planes)
    return [math.prod(plane_shape(plane, image.width, image.height)) for plane in planes]
