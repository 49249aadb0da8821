"""The functions that published methods were invented for, and the networks that meet on each."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from inr.experiments.figures import Array
from inr.settings.config import FitConfig
from inr.settings.shape import ActivationName, EncodingConfig, Form, GradeShape
from inr.settings.trainings import GreedyTraining

_ADAM = GreedyTraining(
    steps=(1,), learning_rate=1e-3, optimizer="adam", schedule="constant", init="glorot-normal", batch_size=None,
    rescale_residual=False, precision="float32",
)  # fmt: skip
_BARE = EncodingConfig(kind="none")


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A function and the configurations that meet on it.

    Attributes:
        title: of its part of the page.
        claim: what its paper says, and what is different here.
        interval: of the inputs.
        points: evenly spaced, that are trained on.
        target: (n,) inputs -> (n,) values.
        networks: by label, at the papers' full number of steps.
        dtype: of the training.
    """

    title: str
    claim: str
    interval: tuple[float, float]
    points: int
    target: Callable[[Array], Array]
    networks: dict[str, FitConfig]
    dtype: torch.dtype = torch.float32


def network(
    widths: tuple[int, int],
    activation: ActivationName,
    *,
    steps: int,
    rate: float,
    form: Form = Form(),
    encoding: EncodingConfig = _BARE,
    training: GreedyTraining = _ADAM,
) -> FitConfig:
    """Return one network of (layers, neurons), trained by Adam on all points at once."""
    return FitConfig(
        method="function",
        encoding=encoding,
        grades=(GradeShape(depth=widths[0], width=widths[1], activation=activation, form=form),),
        training=dataclasses.replace(training, steps=(steps,), learning_rate=rate),
        frame="unit",
        feed="features",
    )


def stages(count: int, steps: int, finish: int) -> FitConfig:
    """Return a multi-stage network (Wang & Lai 2024): tanh first, then a sine layer scaled to the residual's frequency.

    Each stage sees the raw input and fits the residual divided by half of its largest value; Adam, then L-BFGS.
    """
    later = GradeShape(depth=3, width=30, activation="tanh", form=Form(first="sine"))
    return FitConfig(
        method="msnn",
        encoding=_BARE,
        grades=(GradeShape(depth=3, width=20, activation="tanh"), *(later,) * (count - 1)),
        training=dataclasses.replace(
            _ADAM, steps=(steps,) * count, finish=finish, rescale_residual=True, scale_from_residual=True
        ),
        frame="unit",
        feed="encoding",
    )


def _two_sides(x: Array) -> Array:
    low, high = np.sin(x) + np.sin(3 * x), np.sin(23 * x) + np.sin(137 * x) + np.sin(203 * x)
    values: Array = 10.0 * np.where(x < 0, low, high)
    return values


def _three_waves(x: Array) -> Array:
    total: Array = np.sin(2 * np.pi * x) + np.sin(2 * np.pi * 8 * x) + np.sin(2 * np.pi * 24 * x)
    return total


def _wide(bands: tuple[float, ...], sigma: float) -> FitConfig:
    return network(
        (1, 100),
        "tanh",
        steps=40_000,
        rate=1e-3,
        encoding=EncodingConfig(kind="fourier", frequencies=50 * len(bands), sigma=sigma, bands=bands),
        form=Form(branches=len(bands)) if len(bands) > 1 else Form(),
        training=dataclasses.replace(_ADAM, init="glorot-unit-bias", schedule="exponential", decay=0.9**40),
    )


_SLOPES = {
    "tanh, fixed slope": Form(),
    "adaptive slope, n = 1": Form(slope=True),
    "adaptive slope, n = 5": Form(gain=5.0, slope=True),
    "adaptive slope, n = 10": Form(gain=10.0, slope=True),
}


def _with_slopes(steps: int) -> dict[str, FitConfig]:
    return {label: network((4, 50), "tanh", steps=steps, rate=8e-4, form=form) for label, form in _SLOPES.items()}


_SCALES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_WIDE_NORMAL = dataclasses.replace(_ADAM, init="wide-normal")

DEMOS: dict[str, Demo] = {
    "msnn": Demo(
        title="Multi-stage networks: ln(x + 2) cos(2 x + x^3) to machine precision (Wang & Lai 2024)",
        claim="The claim: errors of 1e-16, since each stage begins at its own magnitude and frequency. In "
        "float64. The scale of a stage is 3 times the zero crossings of the residual, its size half of the largest "
        "error, as in their code. 4,801 points in all stages, where the paper has 1,501 in the first two.",
        interval=(-1.0, 1.0),
        points=4801,
        target=lambda x: np.log(x + 2.0) * np.cos(2.0 * x + x**3),
        networks={
            "one stage": dataclasses.replace(stages(1, 12_000, 0), method="one"),
            "four stages": stages(4, 3000, 0),
            "four stages, then L-BFGS": stages(4, 3000, 10_000),
        },
        dtype=torch.float64,
    ),
    "phase": Demo(
        title="Phase shifts: two low sines on the left, three high ones on the right (Cai, Li & Liu 2020)",
        claim="The claim: shifted by the right frequencies, every part of a function is of a low frequency, so a small "
        "network learns it as fast as a smooth one. The 64 shifts are read off the function's spectrum; one trunk of "
        "4 x 40 gives all amplitudes.",
        interval=(-np.pi, np.pi),
        points=2048,
        target=_two_sides,
        networks={
            "tanh, no shifts": network((4, 40), "tanh", steps=5000, rate=1e-3),
            "64 phase shifts": network((4, 40), "tanh", steps=5000, rate=1e-3, form=Form(shifts=64)),
        },
    ),
    "mscale": Demo(
        title="Multi-scale networks: scales against compact activations (Liu, Cai & Xu 2020)",
        claim="The claim: sub-networks that see the input times 1, 2, 4, ... learn high frequencies, and activations "
        "with a compact support serve that best. The sum of three sines with 1, 8 and 24 cycles per unit is ours. Six "
        "sub-networks of 3 x 30, or one of 3 x 180.",
        interval=(-1.0, 1.0),
        points=1024,
        target=_three_waves,
        networks={
            f"{how}, {name}": network(
                (3, 180),
                "relu" if name == "relu" else "sine",
                steps=5000,
                rate=1e-3,
                form=Form(
                    first=None if name == "relu" else name,
                    scales=_SCALES if how == "scales" else (),
                    separate=how == "scales",
                ),
                training=_WIDE_NORMAL,
            )
            for how in ("one network", "scales")
            for name in ("relu", "srelu", "phi")
        },
    ),
    "adaptive": Demo(
        title="Adaptive slopes: (x^3 - x) sin(7 x) / 7 + sin(12 x) (Jagtap, Kawaguchi & Karniadakis 2020)",
        claim="The claim: a slope that is trained with the weights, n = 10, takes all frequencies in by 22,000 steps, "
        "at a slope n a of about 4.5, where a fixed tanh does not. tanh, 4 x 50.",
        interval=(-3.0, 3.0),
        points=300,
        target=lambda x: (x**3 - x) * np.sin(7 * x) / 7 + np.sin(12 * x),
        networks=_with_slopes(22_000),
    ),
    "adaptive-jump": Demo(
        title="Adaptive slopes: a function with a jump (Jagtap, Kawaguchi & Karniadakis 2020)",
        claim="The claim: the same of a discontinuous function, by 28,000 steps. Theirs was not at hand; this one has "
        "a jump and two frequencies: 0.2 sin(6 x) on the left, 1 + 0.1 x cos(18 x) on the right.",
        interval=(-3.0, 3.0),
        points=300,
        target=lambda x: np.where(x < 0, 0.2 * np.sin(6 * x), 1.0 + 0.1 * x * np.cos(18 * x)),
        networks=_with_slopes(28_000),
    ),
    "fourier-multiscale": Demo(
        title="Multi-scale Fourier features: sin(2 pi x) + 0.1 sin(50 pi x) (Wang, Wang & Perdikaris 2021)",
        claim="The claim: features of one bandwidth learn one of the two sines, features of both bandwidths, 1 and 10, "
        "both. The paper solves a Poisson equation with this solution; here the solution itself is regressed. One "
        "shared tanh layer of 100 neurons, 50 frequencies for each bandwidth.",
        interval=(0.0, 1.0),
        points=1024,
        target=lambda x: np.sin(2 * np.pi * x) + 0.1 * np.sin(50 * np.pi * x),
        networks={
            "tanh, no features": network((2, 100), "tanh", steps=40_000, rate=1e-3),
            "bandwidth 1": _wide((1.0,), 1.0),
            "bandwidth 10": _wide((1.0,), 10.0),
            "bandwidths 1 and 10": _wide((0.1, 1.0), 10.0),
        },
    ),
}
"""The demonstrations, by name."""
