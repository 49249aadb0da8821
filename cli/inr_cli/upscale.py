"""`inr upscale PICTURE`: a picture -> the same, larger, by a network that learned from the picture itself."""

from pathlib import Path
from typing import Annotated

import typer

from inr.settings.options import FitOptions
from inr_cli import options as common
from inr_cli import restored, streams


def upscale(
    image: streams.PicturePath,
    scale: Annotated[float, typer.Option(help="Times as wide and high as the picture; fractions too.")] = 2.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture to write; its ending is its type. [default: NAME.upscaled.png]"),
    ] = None,
    preset: restored.Preset = "balanced",
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of the network, instead of a preset.")] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.01, help="Stop each of the two trainings after this time.")
    ] = None,
    seed: restored.Seed = 0,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    device: common.Device = "auto",
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Enlarge IMAGE with what its own coarser copies teach; leave a page of before and after beside the result.

    Example: inr upscale photo.png --scale 4 -o big.png
    """
    with restored.places(image, out, "upscaled", device=device, debug=debug, threads=threads) as places:
        from inr.restoration.upscale import enlarged_size
        from inr.restoration.upscale import upscale as enlarge
        from inr.restoration.upscaled import tell_upscaled
        from inr.settings.methods import configure

        wishes = FitOptions(method="local", preset=None if steps else preset, steps=steps, seconds=seconds, seed=seed)
        config = configure(wishes)
        picture = restored.read(image, max_pixels, quiet=quiet)
        size = enlarged_size(picture, scale, max_pixels)
        places.check(image, image=picture, size=size, overwrite=overwrite)
        with common.bar(quiet, unit="%") as show:
            result = enlarge(
                picture, size, config, device=device, progress=lambda what, part: show(what, round(100 * part), 100)
            )
        restored.leave(places, picture, result.picture, lambda: tell_upscaled(picture, result), json=json, quiet=quiet)
