"""Image and configuration -> fitted model, by greedy or by joint training."""

from collections.abc import Callable

import torch

from inr.device import choose_device, give_back_freed_memory, keep_freed_memory
from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image
from inr.settings.config import DeviceName, FitConfig
from inr.settings.methods import configure
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.fit import fit_greedy
from inr.training.joint.fit import fit_joint
from inr.training.joint.sizing import sized
from inr.training.memory import memory_limit
from inr.training.result import FitResult, Progress


def check_memory(image: Image, config: FitConfig, *, device: DeviceName = "auto", memory: float | None = None) -> None:
    """Refuse, long before a fit, what it would refuse at its beginning. Arguments as for `fit`.

    A joint fit whose planes wait for the bytes or the PSNR wanted is not known well enough.

    Raises:
        ConfigError: the device is not there, or the limit is out of range or less than the fit takes.
    """
    on = training_device(config, device)
    if isinstance(config.training, GreedyTraining):
        memory_limit(image, config, memory, on)
    elif config.training.lmbda is not None:
        memory_limit(image, sized(image, config, config.training, None)[0], memory, on)


def fit(
    image: Image,
    config: FitConfig | None = None,
    *,
    device: DeviceName = "auto",
    memory: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> FitResult:
    """Fit a picture grade by grade (Fang & Xu 2024, section 2).

    Grade l minimises the mean squared error of g_l(x^l) against e^l, with x^1 the encoded coordinate,
    e^1 the colours, x^{l+1} its features and e^{l+1} = e^l - g_l(x^l). Then it is frozen. The picture is
    the sum of all g_l. With a `JointTraining` the grades are solved in closed form one after another, and then
    trained together; see `inr.training.joint`.

    Args:
        image: (H, W, C) in [0, 1]; with alpha, errors of colours count as much as these are seen.
        config: of the method; the default is `inr.configure()`.
        device: `auto` takes a GPU if torch sees one, but for feature planes: most of their fit is done on the processor
            anyway, so only a GPU that is named trains them.
        memory: limit in GiB for the whole process, what is made of the fit afterwards included; half of what is free
            by default. Where features do not fit, greedy training takes a portion of the picture at a time, which
            changes the order of its pixels and so the result.
        progress: called after every step.

    Raises:
        ConfigError: the device is not there, or the memory is too little.
        TrainingError: the loss did not stay finite, even at a quarter of the learning rate.

    Example:
        >>> import numpy as np
        >>> image = inr.image_from_array(np.linspace(0, 1, 96).reshape(8, 12))
        >>> result = inr.fit(image, inr.configure(inr.FitOptions(grades=2, steps=4)))
        >>> len(result.grades), result.steps, result.model.render().shape
        (2, 4, (8, 12, 1))
    """
    config = config or configure()
    image = without_hidden(image, config.pixels)
    keep_freed_memory()
    if isinstance(config.training, GreedyTraining):
        result = fit_greedy(image, config, config.training, choose_device(device), memory, progress)
    else:
        result = fit_joint(image, config, config.training, training_device(config, device), memory, progress)
    give_back_freed_memory()
    return result


def training_device(config: FitConfig, name: DeviceName) -> torch.device:
    """Return the device that trains a configuration; see `fit`.

    Raises:
        ConfigError: torch sees no such device here.
    """
    joint = not isinstance(config.training, GreedyTraining)
    return choose_device("cpu" if joint and name == "auto" else name)
