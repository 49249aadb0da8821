"""Image and configuration -> fitted model, by greedy or by joint training."""

from collections.abc import Callable

from inr.device import choose_device, keep_freed_memory
from inr.errors import ConfigError
from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image
from inr.settings.config import DeviceName, FitConfig, GreedyTraining
from inr.settings.methods import configure
from inr.training.greedy.fit import fit_greedy
from inr.training.joint.fit import fit_joint
from inr.training.result import FitResult, Progress


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
    the sum of all g_l. With a `JointTraining` all grades are trained together, see `inr.training.joint`.

    Args:
        image: (H, W, C) in [0, 1]; with alpha, errors of colours count as much as these are seen.
        config: of the method; the default is `inr.configure()`.
        device: `auto` takes a GPU if torch sees one.
        memory: limit in GiB; half of what is free by default. A picture whose features do not fit is trained a
            portion at a time, which changes the order of its pixels and so the result.
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
        return fit_greedy(image, config, config.training, choose_device(device), memory, progress)
    if device not in ("auto", "cpu"):
        raise ConfigError(f"device is {device!r}; joint training computes on the processor: give 'cpu'.")
    return fit_joint(image, config, config.training, progress)
