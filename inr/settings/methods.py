"""What a person asks for (`FitOptions`) -> the configuration that does it. A method is a configuration, not a class."""

import dataclasses
from typing import get_args

from inr.errors import ConfigError
from inr.settings.config import FitConfig, StopName
from inr.settings.local import configure_local
from inr.settings.networks import configure_networks, configure_paper
from inr.settings.options import FitOptions, MethodName, OwnName, PresetName, RecipeName, RivalName, flag
from inr.settings.planes import DEFAULT_GRADES, configure_planes
from inr.settings.recipes import configure_rival
from inr.settings.rivals import RIVALS

METHODS: tuple[MethodName, ...] = (*get_args(OwnName), *get_args(RivalName))

AUTO_GRADES = 8
"""Most grades that `auto` tries."""

OWN_TITLES: dict[str, tuple[str, str]] = {
    "mgdl": ("several grades on feature planes, from coarse to fine", "after Fang & Xu 2024 (NeurIPS)"),
    "sgdl": ("the same planes in one grade", "after Mueller et al. 2022, arXiv 2201.05989, dense"),
    "mgdl-fourier": ("several grades on Fourier features, or any other --encoding", "after Fang & Xu 2024 (NeurIPS)"),
    "sgdl-fourier": ("one grade on the same features, of the same total depth", "after Fang & Xu 2024 (NeurIPS)"),
    "local": (
        "the picture's own pixels, and a network of a pixel's neighbours for what lies between",
        "after Chen et al. 2021, arXiv 2012.09161, and Shocher et al. 2018, arXiv 1712.06087",
    ),
    "mgdl-paper": ("four grades as their authors fit pictures", "Fang & Xu 2024 (NeurIPS), section 3.3"),
    "sgdl-paper": ("one grade of twelve layers, the same", "Fang & Xu 2024 (NeurIPS), section 3.3"),
}
"""What the methods of this house are, and where they are from; those of the rivals stand in `inr.settings.rivals`."""


def configure(options: FitOptions = FitOptions()) -> FitConfig:
    """Resolve wishes into a full configuration.

    Raises:
        ConfigError: an unknown name, a value out of range, or wishes that do not fit together.

    Example:
        >>> config = inr.configure(inr.FitOptions(method="siren", grades=2))
        >>> [(shape.depth, shape.width, shape.activation) for shape in config.grades]
        [(4, 256, 'sine'), (4, 256, 'sine')]
        >>> inr.configure(inr.FitOptions(method="sgdl", grades=2))
        Traceback (most recent call last):
        ...
        inr.errors.ConfigError: method 'sgdl' is one grade, but grades is 2; use 'mgdl' for several, ...
    """
    _check_names(options)
    single = options.method.startswith("sgdl")
    if single and options.grades not in (None, 1):
        several = options.method.replace("sgdl", "mgdl")
        raise ConfigError(
            f"method '{options.method}' is one grade, but grades is {options.grades}; "
            f"use '{several}' for several, or --depth for a deeper one."
        )
    stop: StopName = options.stop or _default_stop(options)
    if options.grades == "auto":
        options, stop = dataclasses.replace(options, grades=AUTO_GRADES), _stop_of_auto(options)
    if options.method == "local" and options.grades is None:
        options = dataclasses.replace(options, grades=1)
    grades = 1 if single else options.grades if isinstance(options.grades, int) else DEFAULT_GRADES
    on_planes = options.method in ("mgdl", "sgdl") and options.encoding in (None, "grid")
    if not on_planes:
        _refuse_limits(options)
    if options.method in RIVALS:
        base = configure_rival(options)
    elif options.method == "local":
        base = configure_local(options, grades)
    elif options.method.endswith("-paper"):
        base = configure_paper(options, grades)
    else:
        base = configure_planes(options, grades) if on_planes else configure_networks(options, grades)
    return dataclasses.replace(
        base,
        pixels=options.pixels,
        stop=stop,
        seed=options.seed,
        target_psnr=options.target_psnr,
        seconds=options.seconds,
    )


def _default_stop(options: FitOptions) -> StopName:
    """Return when a method stops: published ones as their papers do, ours by held-out pixels where there are such."""
    ours = options.method in ("mgdl-fourier", "sgdl-fourier") or options.recipe == "inr"
    ours = ours or (options.method in ("mgdl", "sgdl") and options.encoding not in (None, "grid"))
    return "held-out" if ours and options.pixels == "half" else "end"


def _stop_of_auto(options: FitOptions) -> StopName:
    """Return how as many grades as it takes are stopped.

    Raises:
        ConfigError: where nothing can be held out, or it is not to be.
    """
    on_planes = options.method in ("mgdl", "sgdl") and options.encoding in (None, "grid")
    if on_planes or options.method == "local":
        raise ConfigError("grades is 'auto'; that needs a network of coordinates: give --method mgdl-fourier.")
    if options.stop == "end":
        raise ConfigError("grades is 'auto', which stops by held-out pixels, but stop is 'end'; leave one of them out.")
    return "held-out"


def _check_names(options: FitOptions) -> None:
    if options.method not in METHODS:
        instead = "; 'grid' is called 'sgdl' now" if str(options.method) == "grid" else ""
        raise ConfigError(f"method is {options.method!r}; accepted are {', '.join(METHODS)}{instead}.")
    if options.recipe not in (None, *get_args(RecipeName)):
        raise ConfigError(f"recipe is {options.recipe!r}; accepted are {', '.join(get_args(RecipeName))}.")
    if str(options.preset) == "compact":
        raise ConfigError(
            "preset 'compact' is the default now; for smaller files give --quality, --max-bytes, --target-bpp or "
            "--target-psnr."
        )
    if options.preset is not None and options.preset not in get_args(PresetName):
        raise ConfigError(f"preset is {options.preset!r}; accepted are {', '.join(get_args(PresetName))}.")
    if options.preset is not None and options.steps is not None:
        raise ConfigError("both a preset and a number of steps are given; a preset is a number of steps: give one.")


def _refuse_limits(options: FitOptions) -> None:
    """Refuse what only feature planes can promise."""
    for name in ("quality", "max_bytes", "target_bpp"):
        if getattr(options, name) is not None:
            raise ConfigError(
                f"{flag(name)} needs feature planes, the default of methods mgdl and sgdl; leave it out, or make the "
                "finished file smaller with `inr pack`."
            )
