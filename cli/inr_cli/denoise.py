"""`inr denoise PICTURE`: a noisy picture -> the same with less noise, by how much noise it has."""

from pathlib import Path
from typing import Annotated

import typer

from inr.errors import ConfigError
from inr.report.text import json_text
from inr.settings.options import PresetName
from inr_cli import options as common
from inr_cli.process import say, talk


def denoise(
    image: Annotated[Path, typer.Argument(help="PNG, JPEG, WebP, TIFF, BMP or GIF.", readable=False)],
    noise: Annotated[
        str, typer.Option(metavar="auto|SIGMA", help="Deviation of the noise in levels of 255; auto estimates it.")
    ] = "auto",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture to write; its ending is its type. [default: NAME.denoised.png]"),
    ] = None,
    preset: Annotated[PresetName, typer.Option(help="Effort: fast, balanced or best.")] = "balanced",
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of each grade, instead of a preset.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.01, help="Stop the training after this time.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Start of all randomness.")] = 0,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Take white noise out of IMAGE; leave a page of before and after beside the result.

    Example: inr denoise photo.png -o out.png
    """
    path = out or Path(f"{image.stem}.denoised.png")
    page, looks = path.with_suffix(".md"), path.with_suffix(".html")
    figure = path.with_name(f"{path.stem}.before-after.png")
    with common.running(debug=debug, threads=threads, out=path.parent):
        for each in (path, page, looks, figure):
            common.check_out(each, overwrite=overwrite)
        from inr.files import write_whole
        from inr.imaging.reading import load_image
        from inr.imaging.writing import save_image
        from inr.restoration.denoise import denoise as clean
        from inr.restoration.effort import STEPS, Effort
        from inr.restoration.html import mended_html
        from inr.restoration.mended_page import draw_before_after, facts, rows, to_markdown, verdict
        from inr_cli.render import try_format

        sigma = _sigma(noise)
        picture = load_image(image, max_pixels=max_pixels)
        for note in picture.notes:
            talk(f"{image}: {note}.", quiet=quiet)
        try_format(path, path.suffix, picture.width, picture.height, picture.channels, picture.bit_depth)
        effort = Effort(steps=steps or STEPS[preset], seconds=seconds, seed=seed)
        with common.bar(quiet, unit="percent") as show:
            result = clean(picture, sigma, effort, progress=lambda what, part: show(what, round(100 * part), 100))
        save_image(path, result.picture, icc_profile=picture.icc_profile)
        draw_before_after(figure, picture, result)
        write_whole(page, to_markdown(picture, result, figure.name).encode())
        write_whole(looks, mended_html(picture, result, common.this_command()))
        if json:
            say(json_text({**facts(picture, result), "file": str(path)}))
        elif not quiet and result.check:
            say("\n".join(f"{name:>13}  {psnr:>6} dB in the check" for name, psnr in rows(result)))
        talk(verdict(result), quiet=quiet)
        talk(
            f"{path}: {result.training_seconds:.1f} s of training and {result.drawing_seconds:.1f} s of drawing; "
            f"before and after: {looks.name}, {page.name}, {figure.name}",
            quiet=quiet,
        )


def _sigma(noise: str) -> float | None:
    """Return the deviation that is asked for, None for `auto`."""
    if noise == "auto":
        return None
    try:
        return float(noise)
    except ValueError:
        raise ConfigError(f"--noise is {noise!r}; give auto, or a number of levels of 255 such as 12.5.") from None
