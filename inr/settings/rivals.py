"""Names of published rivals -> their papers' settings, as configurations of the one engine.

Where a paper says nothing about pictures (PhaseDNN, adaptive activation, MSNN, multi-scale networks), its form and
training stay and the width is 256. Where an optimiser has a second part (L-BFGS), only the first is run; `inr reproduce
methods` runs both. The code of WIRE, which Gauss is taken from too, goes over a picture in updates of 65,536 pixels, at
a rate that falls as their number grows: a pass of them is one full-batch step here. The scripts of SIREN, FINER and
WIRE stretch both axes to (-1, 1); here the shorter keeps its proportion, so that a frequency is the same in all
directions.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

from inr.settings.config import FitConfig
from inr.settings.shape import ActivationName, EncodingConfig, Form, GradeShape
from inr.settings.trainings import GreedyTraining

BandwidthName = Literal["sigma", "omega"]

_OCTAVES = tuple(2.0**number for number in range(8))
"""Scales 1 to 128, factors of two as in the paper."""


@dataclass(frozen=True, kw_only=True)
class Rival:
    """A published method.

    Attributes:
        title: what it is, in a line.
        paper: where it is from.
        config: its paper's settings.
        bandwidth: the option that sets how high its frequencies reach, or None.
        activations: others that its paper allows; of the first layer alone, where only that has one of its own.
    """

    title: str
    paper: str
    config: FitConfig
    bandwidth: BandwidthName | None = None
    activations: tuple[ActivationName, ...] = ()


_BARE = EncodingConfig(kind="none")
_PAPER = GreedyTraining(
    steps=(2000,),
    learning_rate=1e-3,
    optimizer="adam",
    schedule="constant",
    init="glorot-normal",
    batch_size=None,
    rescale_residual=False,
    precision="float32",
)
"""What the papers share: Adam, the full batch, float32, a plain residual. Steps and rates are each paper's own."""
_SIREN = FitConfig(
    method="rival",
    encoding=_BARE,
    grades=(GradeShape(depth=4, width=256, activation="sine", form=Form(gain=30.0)),),
    training=dataclasses.replace(_PAPER, steps=(10_000,), learning_rate=1e-4, init="siren", targets="symmetric"),
    feed="features",
)
_MSCALE = FitConfig(
    method="rival",
    encoding=_BARE,
    grades=(GradeShape(depth=3, width=256, activation="sine", form=Form(scales=_OCTAVES, first="phi")),),
    training=dataclasses.replace(_PAPER, steps=(5000,), learning_rate=1e-4, init="wide-normal"),
    feed="features",
    frame="unit",
)
_STAGE = GradeShape(depth=3, width=256, activation="tanh")

RIVALS: dict[str, Rival] = {
    "fourier": Rival(
        title="Fourier features, ReLU, sigmoid (Gaussian; or --encoding positional, "
        "basic with --frequencies 2 --sigma 1 --learning-rate 0.01 then)",
        paper="Tancik et al. 2020, arXiv 2006.10739",
        config=FitConfig(
            method="rival",
            encoding=EncodingConfig(kind="fourier", frequencies=256, sigma=10.0),
            grades=(GradeShape(depth=3, width=256, activation="relu", form=Form(sigmoid=True)),),
            training=_PAPER,
            frame="unit",
            feed="features",
        ),
        bandwidth="sigma",
    ),
    "fourier-multiscale": Rival(
        title="three bandwidths, one trunk for all, joined before the head",
        paper="Wang, Wang & Perdikaris 2021, arXiv 2012.10047",
        config=FitConfig(
            method="rival",
            encoding=EncodingConfig(kind="fourier", frequencies=384, sigma=40.0, bands=(0.025, 0.25, 1.0)),
            grades=(GradeShape(depth=3, width=256, activation="tanh", form=Form(branches=3)),),
            training=dataclasses.replace(
                _PAPER,
                steps=(21_854,),  # where 0.9 for every 1,000 steps, the paper's decay, is a tenth
                init="glorot-unit-bias",
                schedule="exponential",
            ),
            frame="unit",
            feed="features",
        ),
        bandwidth="sigma",
    ),
    "siren": Rival(
        title="sines throughout, omega_0 = 30",
        paper="Sitzmann et al. 2020, arXiv 2006.09661",
        config=_SIREN,
        bandwidth="omega",
    ),
    "finer": Rival(
        title="sines whose frequency grows with their input",
        paper="Liu et al. 2024, arXiv 2312.02434",
        config=dataclasses.replace(
            _SIREN,
            grades=(dataclasses.replace(_SIREN.grades[0], activation="finer"),),
            training=dataclasses.replace(
                _PAPER,
                steps=(5000,),
                learning_rate=5e-4,
                init="siren",
                targets="symmetric",
                schedule="exponential",
            ),
        ),
        bandwidth="omega",
    ),
    "wire": Rival(
        title="complex Gabor wavelets, omega_0 = 20, s_0 = 30",
        paper="Saragadam et al. 2023, arXiv 2301.05187",
        config=FitConfig(
            method="rival",
            encoding=_BARE,
            grades=(GradeShape(depth=3, width=181, activation="gabor", form=Form(gain=20.0, window=30.0)),),
            training=dataclasses.replace(_PAPER, learning_rate=5e-3, init="uniform", schedule="exponential"),
            feed="features",
        ),
        bandwidth="omega",
    ),
    "gauss": Rival(
        title="Gaussians exp(-(30 z)^2), as in the comparison of WIRE's authors",
        paper="Ramasinghe & Lucey 2022, arXiv 2111.15135",
        config=FitConfig(
            method="rival",
            encoding=_BARE,
            grades=(GradeShape(depth=3, width=256, activation="gauss", form=Form(gain=30.0 * math.sqrt(2.0))),),
            training=dataclasses.replace(_PAPER, init="uniform", schedule="exponential"),
            feed="features",
        ),
        bandwidth="omega",
    ),
    "mscale-1": Rival(
        title="first layer in eight groups with scales 1 to 128, the compact phi there (or --activation srelu)",
        paper="Liu, Cai & Xu 2020, arXiv 2007.11207, section 3.1",
        config=_MSCALE,
        bandwidth="omega",
        activations=("srelu",),
    ),
    "mscale-2": Rival(
        title="eight separate sub-networks with scales 1 to 128, summed",
        paper="Liu, Cai & Xu 2020, arXiv 2007.11207, section 3.2",
        config=dataclasses.replace(
            _MSCALE,
            grades=(
                GradeShape(
                    depth=3, width=720, activation="sine", form=Form(scales=_OCTAVES, first="phi", separate=True)
                ),
            ),
        ),
        bandwidth="omega",
        activations=("srelu",),
    ),
    "phase": Rival(
        title="phase shifts by the picture's 128 strongest frequencies, one trunk for all amplitudes",
        paper="Cai, Li & Liu 2020, arXiv 1909.11112, coupled form",
        config=FitConfig(
            method="rival",
            encoding=_BARE,
            grades=(GradeShape(depth=4, width=256, activation="tanh", form=Form(shifts=128)),),
            training=dataclasses.replace(_PAPER, steps=(5000,)),
            frame="unit",
            feed="both",
        ),
    ),
    "adaptive": Rival(
        title="tanh (or --activation sine) with one trainable slope for all neurons, n = 10",
        paper="Jagtap, Kawaguchi & Karniadakis 2020, arXiv 1906.01170",
        config=FitConfig(
            method="rival",
            encoding=_BARE,
            grades=(GradeShape(depth=4, width=256, activation="tanh", form=Form(gain=10.0, slope=True)),),
            training=dataclasses.replace(_PAPER, steps=(22_000,), learning_rate=8e-4),
            feed="features",
        ),
        bandwidth="omega",
        activations=("sine",),
    ),
    "msnn": Rival(
        title="four stages from the bare coordinates, each on the rescaled residual at its frequency",
        paper="Wang & Lai 2024, arXiv 2307.08934",
        config=FitConfig(
            method="rival",
            encoding=_BARE,
            grades=(_STAGE, *(dataclasses.replace(_STAGE, form=Form(first="sine")),) * 3),
            training=dataclasses.replace(
                _PAPER, steps=(3000, 5000, 5000, 5000), rescale_residual=True, scale_from_residual=True
            ),
            feed="encoding",
        ),
    ),
}
"""The published methods, by name."""
