"""`inr inpaint PICTURE`: a picture and a mask -> the same, its unknown pixels filled from the known ones."""

from pathlib import Path
from typing import Annotated

import typer

from inr_cli import options as common
from inr_cli import restored, streams
from inr_cli.process import talk


def inpaint(
    image: streams.PicturePath,
    mask: Annotated[Path, typer.Option(help="Picture of the same size: white is unknown, black is known.")],
    grow: Annotated[
        int,
        typer.Option(
            min=0, max=1000, help="Fill also known pixels at most so many rows and columns from an unknown one."
        ),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture to write; its ending is its type. [default: NAME.inpainted.png]"),
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
    """Fill what is white in MASK from the rest of IMAGE; leave a page of before and after beside the result.

    Example: inr inpaint photo.png --mask mask.png -o out.png
    """
    with restored.places(image, out, "inpainted", device=device, debug=debug, threads=threads) as places:
        from inr.restoration.effort import STEPS, Effort
        from inr.restoration.inpaint import inpaint as fill
        from inr.restoration.mask import doubt, known_pixels
        from inr.restoration.mended import tell_mended

        streams.check_stdin(image, mask)
        effort = Effort(steps=steps or STEPS[preset], seconds=seconds, seed=seed)
        picture = restored.read(image, max_pixels, quiet=quiet)
        known, grown = known_pixels(picture, streams.read_picture(mask, max_pixels), grow=grow)
        places.check(image, mask, image=picture, size=(picture.width, picture.height), overwrite=overwrite)
        if doubtful := doubt(known, grown):
            talk(f"Warning: {doubtful}", quiet=quiet)
        with common.bar(quiet, unit="%") as show:
            result = fill(
                picture, known, effort, device=device, progress=lambda what, part: show(what, round(100 * part), 100)
            )
        restored.leave(
            places, picture, result.picture, lambda: tell_mended(picture, result, grown=grown), json=json, quiet=quiet
        )
