"""`inr denoise PICTURE`: a noisy picture -> the same with less noise, by how much noise it has."""

import math
from pathlib import Path
from typing import Annotated

import typer

from inr.errors import ConfigError
from inr_cli import options as common
from inr_cli import restored, streams


def denoise(
    image: streams.PicturePath,
    noise: Annotated[
        str,
        typer.Option(
            metavar="auto|SIGMA", help="Deviation of the noise in levels of 255, or auto, which estimates it."
        ),
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture to write; its ending is its type. [default: NAME.denoised.png]"),
    ] = None,
    preset: restored.Preset = "balanced",
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of each grade, instead of a preset.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="Stop the training after this time.")] = None,
    seed: restored.Seed = 0,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    device: common.Device = "auto",
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Take white noise out of IMAGE; leave a page of before and after beside the result.

    Example: inr denoise photo.png -o out.png
    """
    with restored.places(image, out, "denoised", device=device, debug=debug, threads=threads) as places:
        from inr.restoration.denoise import denoise as clean
        from inr.restoration.effort import STEPS, Effort
        from inr.restoration.mended import tell_mended

        sigma, effort = _sigma(noise), Effort(steps=steps or STEPS[preset], seconds=seconds, seed=seed)
        picture = restored.read(image, max_pixels, quiet=quiet)
        places.check(image, image=picture, size=(picture.width, picture.height), overwrite=overwrite)
        with common.bar(quiet, unit="%") as show:
            result = clean(
                picture, sigma, effort, device=device, progress=lambda what, part: show(what, round(100 * part), 100)
            )
        restored.leave(places, picture, result.picture, lambda: tell_mended(picture, result), json=json, quiet=quiet)


def _sigma(noise: str) -> float | None:
    """Return the deviation that is asked for, None for `auto`."""
    if noise == "auto":
        return None
    from inr.restoration.denoise import MOST_NOISE

    try:
        sigma = float(noise)
    except ValueError:
        sigma = math.nan
    if not 0.0 < sigma <= MOST_NOISE:  # also refuses NaN
        raise ConfigError(
            f"--noise is {noise!r}; give auto, or a number of levels of 255 above 0 and at most {MOST_NOISE:g}, "
            "such as 12.5."
        )
    return sigma
