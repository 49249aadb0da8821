"""Small configurations of every kind of fit."""

import dataclasses
import functools

from inr.settings.config import FitConfig
from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr.settings.shape import EncodingConfig, GradeShape, Plane
from inr.settings.trainings import GreedyTraining, JointTraining

HASTE = {"entropy_model_batches": 16, "sweeps": 1}
"""An eighth of the work in the closed form, for what has to hold however good the picture is."""


def changed(config: FitConfig, **changes) -> FitConfig:
    """A configuration with other values, those of its training among them."""
    names = {each.name for each in dataclasses.fields(config.training)}
    of_training = {name: changes.pop(name) for name in names & set(changes)}
    training = dataclasses.replace(config.training, **of_training)
    if isinstance(training, GreedyTraining) and "grades" in changes and "steps" not in of_training:
        training = dataclasses.replace(training, steps=training.steps[:1] * len(changes["grades"]))
    return dataclasses.replace(config, training=training, **changes)


def small_config(**changes) -> FitConfig:
    config = FitConfig(
        method="mgdl",
        encoding=EncodingConfig(kind="fourier", frequencies=8, sigma=3.0),
        grades=(GradeShape(depth=2, width=16, activation="sine"),) * 3,
        training=GreedyTraining(steps=(12, 12, 12), learning_rate=0.05, batch_size=64, precision="float32"),
        seed=5,
    )
    return changed(config, **changes)


def grid_config(**changes) -> FitConfig:
    """Three grades of one small plane each, and so few updates that a test hardly waits for them."""
    config = FitConfig(
        method="mgdl",
        encoding=EncodingConfig(kind="grid"),
        grades=tuple(
            GradeShape(depth=2, width=8, activation="gelu", planes=(Plane(cell=cell, channels=channels),))
            for cell, channels in ((4, 3), (2, 2), (1, 1))
        ),
        training=JointTraining(lmbda=1e-4, steps=6, sized=False, **HASTE),
        seed=5,
    )
    return changed(config, **changes)


def joint_config(**wishes) -> FitConfig:
    """What is wished for on planes: three grades, few updates and a small file, where nothing else is asked for."""
    aims = {"quality", "max_bytes", "target_bpp", "target_psnr", "encoding", "method"}
    own = {"grades": 3, "steps": 240} | ({} if aims & set(wishes) else {"quality": 25})
    return configure(FitOptions(**own | wishes))


def hasty_config(**wishes) -> FitConfig:
    """The same in haste."""
    return changed(joint_config(**wishes), **HASTE)


def hasten(monkeypatch) -> None:
    """Make fits on planes hasty, those of the command line too."""
    monkeypatch.setattr("inr.settings.planes.JointTraining", functools.partial(JointTraining, **HASTE))
