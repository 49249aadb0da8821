"""Names of published rivals -> their papers' settings, as configurations of the one engine.

Where a paper says nothing about pictures (PhaseDNN, adaptive activation, MSNN, multi-scale networks), its form and
training stay and the width is 256. Where an optimiser has a second part (L-BFGS), only the first is run.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

from inr.config import FitConfig, GradeConfig, OptimizerName
from inr.errors import ConfigError
from inr.options import FitOptions
from inr.shape import ActivationName, EncodingConfig, Form

BandwidthName = Literal["sigma", "omega"]

MUON_RATE = 0.06
"""Learning rate of Muon for a published network; their papers train by Adam."""

_LADDER = 64.0
"""Highest frequency of the positional mapping, 2^6 (Tancik et al. 2020, their notebook on natural pictures)."""
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
        activations: that it may have instead of its own, as its paper says.
    """

    title: str
    paper: str
    config: FitConfig
    bandwidth: BandwidthName | None = None
    activations: tuple[ActivationName, ...] = ()


def _config(*grades: GradeConfig, **changes: object) -> FitConfig:
    """Return what the papers share: Adam, the full batch, float32, a plain residual, bare coordinates."""
    shared: dict[str, object] = {
        "encoding": EncodingConfig(kind="none"),
        "optimizer": "adam",
        "schedule": "constant",
        "init": "glorot-normal",
        "batch_size": None,
        "feed": "features",
        "rescale_residual": False,
        "precision": "float32",
    }
    return FitConfig(method="rival", grades=grades, **{**shared, **changes})  # type: ignore[arg-type]


_FOURIER = GradeConfig(
    depth=3, width=256, activation="relu", steps=2000, learning_rate=1e-3, form=Form(sigmoid=True)
)  # fmt: skip
_SIREN = GradeConfig(depth=4, width=256, activation="sine", steps=5000, learning_rate=1e-4, form=Form(gain=30.0))
_WIRE = GradeConfig(
    depth=3, width=181, activation="gabor", steps=2000, learning_rate=5e-3, form=Form(gain=20.0, window=30.0)
)
_SCALES = GradeConfig(
    depth=3, width=256, activation="sine", steps=5000, learning_rate=1e-4, form=Form(scales=_OCTAVES, first="phi")
)
_STAGE = GradeConfig(depth=3, width=256, activation="tanh", steps=5000, learning_rate=1e-3)
_LATER_STAGE = dataclasses.replace(_STAGE, form=Form(first="sine"), scale_from_residual=True)

RIVALS: dict[str, Rival] = {
    "fourier": Rival(
        title="Fourier features, ReLU, sigmoid (Gaussian; --encoding positional, with --frequencies 2 --sigma 1 basic)",
        paper="Tancik et al. 2020, arXiv 2006.10739",
        config=_config(_FOURIER, encoding=EncodingConfig(kind="fourier", frequencies=256, sigma=10.0), frame="unit"),
        bandwidth="sigma",
    ),
    "fourier-multiscale": Rival(
        title="three bandwidths, one trunk for all, joined before the head",
        paper="Wang, Wang & Perdikaris 2021, arXiv 2012.10047",
        config=_config(
            GradeConfig(
                depth=3, width=256, activation="tanh", learning_rate=1e-3, form=Form(branches=3),
                steps=21_854,  # where 0.9 for every 1,000 steps, the paper's decay, is a tenth
            ),
            encoding=EncodingConfig(kind="fourier", frequencies=384, sigma=40.0, bands=(0.025, 0.25, 1.0)),
            init="glorot-unit-bias",
            frame="unit",
            schedule="exponential",
        ),
        bandwidth="sigma",
    ),
    "siren": Rival(
        title="sines throughout, omega_0 = 30",
        paper="Sitzmann et al. 2020, arXiv 2006.09661",
        config=_config(_SIREN, init="siren", targets="symmetric"),
        bandwidth="omega",
    ),
    "finer": Rival(
        title="sines whose frequency grows with their input",
        paper="Liu et al. 2024, arXiv 2312.02434",
        config=_config(
            dataclasses.replace(_SIREN, activation="finer", learning_rate=5e-4),
            init="siren",
            targets="symmetric",
            schedule="exponential",
        ),
        bandwidth="omega",
    ),
    "wire": Rival(
        title="complex Gabor wavelets, omega_0 = 20, s_0 = 30",
        paper="Saragadam et al. 2023, arXiv 2301.05187",
        config=_config(_WIRE, init="uniform", schedule="exponential", batch_size=65_536),
        bandwidth="omega",
    ),
    "gauss": Rival(
        title="Gaussians exp(-(30 z)^2), as in the comparison of WIRE's authors",
        paper="Ramasinghe & Lucey 2022, arXiv 2111.15135",
        config=_config(
            GradeConfig(
                depth=3, width=256, activation="gauss", steps=2000, learning_rate=1e-3,
                form=Form(gain=30.0 * math.sqrt(2.0)),
            ),
            init="uniform",
            schedule="exponential",
            batch_size=65_536,
        ),
        bandwidth="omega",
    ),
    "mscale-1": Rival(
        title="first layer in eight groups with scales 1 to 128, the paper's compact phi there",
        paper="Liu, Cai & Xu 2020, arXiv 2007.11207, section 3.1",
        config=_config(_SCALES, init="wide-normal", frame="unit"),
        bandwidth="omega",
    ),
    "mscale-2": Rival(
        title="eight separate sub-networks with scales 1 to 128, summed",
        paper="Liu, Cai & Xu 2020, arXiv 2007.11207, section 3.2",
        config=_config(
            dataclasses.replace(_SCALES, width=720, form=dataclasses.replace(_SCALES.form, separate=True)),
            init="wide-normal",
            frame="unit",
        ),
        bandwidth="omega",
    ),
    "phase": Rival(
        title="phase shifts by the picture's 128 strongest frequencies, one trunk for all amplitudes",
        paper="Cai, Li & Liu 2020, arXiv 1909.11112, coupled form",
        config=_config(
            GradeConfig(
                depth=4, width=256, activation="tanh", steps=5000, learning_rate=1e-3, form=Form(shifts=128)
            ),
            frame="unit",
            feed="both",
        ),
    ),
    "adaptive": Rival(
        title="tanh (or --activation sine) with one trainable slope for all neurons, n = 10",
        paper="Jagtap, Kawaguchi & Karniadakis 2020, arXiv 1906.01170",
        config=_config(
            GradeConfig(
                depth=4, width=256, activation="tanh", steps=22_000, learning_rate=8e-4,
                form=Form(gain=10.0, slope=True),
            ),
        ),
        bandwidth="omega",
        activations=("sine",),
    ),
    "msnn": Rival(
        title="four stages from the bare coordinates, each on the rescaled residual at its frequency",
        paper="Wang & Lai 2024, arXiv 2307.08934",
        config=_config(
            dataclasses.replace(_STAGE, steps=3000),
            *(_LATER_STAGE,) * 3,
            feed="encoding",
            rescale_residual=True,
        ),
    ),
}  # fmt: skip


def configure_rival(options: FitOptions) -> FitConfig:
    """Return a rival's settings with what is wished for otherwise; `grades` repeats its last grade, or leaves some out.

    Raises:
        ConfigError: a wish that the method has no room for.
    """
    rival = RIVALS[options.method]
    config = rival.config
    for name, wish, own in (
        ("activation", options.activation, config.grades[0].activation),
        ("encoding", None if options.method == "fourier" else options.encoding, config.encoding.kind),
    ):
        if wish not in (None, own, *rival.activations):
            raise ConfigError(f"method '{options.method}' fixes {name}; use --method mgdl to change it.")
    if options.preset is not None:
        raise ConfigError(f"method '{options.method}' has no presets, but its paper's number of steps; give --steps.")
    if options.omega is not None and rival.bandwidth != "omega":
        raise ConfigError(f"method '{options.method}' has no omega; leave it out.")
    if options.recipe == "inr":
        config = with_own_recipe(config)
    optimizer = options.optimizer or config.optimizer
    grades = config.grades
    if options.grades is not None:
        grades = (*grades, *(grades[-1],) * options.grades)[: options.grades]
    return dataclasses.replace(
        config,
        method=options.method,
        encoding=_encoding(options, config.encoding),
        grades=tuple(_grade(options, own, optimizer) for own in grades),
        optimizer=optimizer,
        batch_size=config.batch_size if options.batch_size is None else options.batch_size or None,
        precision=options.precision or config.precision,
    )


def with_own_recipe(config: FitConfig) -> FitConfig:
    """Return a published network with this program's training instead of its paper's; rates are the caller's."""
    sigmoid, shifts = config.grades[0].form.sigmoid, config.grades[0].form.shifts
    glorot = config.init in ("glorot-normal", "wide-normal")
    return dataclasses.replace(
        config,
        optimizer="muon",
        schedule="cosine",
        batch_size=4096,
        precision="auto",
        rescale_residual=not sigmoid,
        targets="unit" if sigmoid else "symmetric",
        # Biases as wide as the coordinates: else all waves and ramps of bare coordinates begin at the origin.
        init="fan-in" if glorot and not (sigmoid or shifts) else config.init,
    )


def _grade(options: FitOptions, own: GradeConfig, optimizer: OptimizerName) -> GradeConfig:
    form = own.form
    if options.omega is not None and form.scales:
        form = dataclasses.replace(form, scales=tuple(s * options.omega / form.scales[-1] for s in form.scales))
    elif options.omega is not None:
        form = dataclasses.replace(form, gain=options.omega)
    rate = MUON_RATE if optimizer == "muon" else own.learning_rate
    return dataclasses.replace(
        own,
        activation=options.activation or own.activation,
        depth=options.depth or own.depth,
        width=options.width or own.width,
        steps=options.steps or own.steps,
        learning_rate=options.learning_rate or rate,
        form=form,
    )


def _encoding(options: FitOptions, own: EncodingConfig) -> EncodingConfig:
    kind = options.encoding or own.kind
    if kind == "grid":
        raise ConfigError(f"method '{options.method}' has no feature planes; use --method grid.")
    if kind == "none":
        if options.frequencies is not None or options.sigma is not None:
            raise ConfigError(f"frequencies or sigma is given, but method '{options.method}' has no such encoding.")
        return EncodingConfig(kind="none")
    usual = own.sigma if kind == own.kind else _LADDER
    sigma = usual if options.sigma is None else options.sigma
    return dataclasses.replace(own, kind=kind, frequencies=options.frequencies or own.frequencies, sigma=sigma)
