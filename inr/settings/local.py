"""Wishes for `local` -> the configuration: the picture's own pixels, and networks of their neighbours for the rest."""

from inr.errors import ConfigError
from inr.settings.config import FitConfig
from inr.settings.options import FitOptions, PresetName, flag
from inr.settings.shape import EncodingConfig, GradeShape
from inr.settings.trainings import GreedyTraining

STEPS: dict[PresetName, int] = {"fast": 200, "balanced": 900, "best": 2400}
"""Updates of each grade."""
BLUR = 0.5
"""Standard deviation, in pixels, of the Gaussian that training pairs are cut after.

A linear kernel fitted to pairs is best at 0.4 to 0.6 on thirteen of thirteen photographs. Validation one scale up would
choose 0 to 0.5 there, and lose up to 0.8 dB: a camera smooths its finest scale as it does no other.
"""
_FIXED = ("encoding", "sigma", "omega", "frequencies", "recipe", "target_psnr")


def configure_local(options: FitOptions, grades: int) -> FitConfig:
    """Return the configuration of so many local networks, each fitted to what the ones before miss between the pixels.

    Raises:
        ConfigError: a wish that has no meaning here.
    """
    for name in _FIXED:
        if getattr(options, name) is not None:
            raise ConfigError(f"{flag(name)} is given, but method 'local' has none; leave it out.")
    if options.batch_size == 0:
        raise ConfigError("--batch-size is 0, but method 'local' has more pairs than fit a step; give a number.")
    shape = GradeShape(
        depth=2 if options.depth is None else options.depth,
        width=96 if options.width is None else options.width,
        activation=options.activation or "gelu",
    )
    steps = STEPS[options.preset or "balanced"] if options.steps is None else options.steps
    optimizer = options.optimizer or "adam"
    return FitConfig(
        method=options.method,
        encoding=EncodingConfig(kind="lattice"),
        grades=(shape,) * grades,
        training=GreedyTraining(
            steps=(steps,) * grades,
            learning_rate=options.learning_rate or (2e-3 if optimizer == "adam" else 0.02),
            optimizer=optimizer,
            batch_size=options.batch_size or 4096,
            rescale_residual=False,
            precision=options.precision or "float32",
            rounding_db=0.0,
            blur=BLUR,
        ),
    )
