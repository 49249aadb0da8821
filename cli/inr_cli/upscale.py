"""`inr upscale PICTURE`: a picture -> the same, larger, by a network that learned from the picture itself."""

from pathlib import Path
from typing import Annotated

import typer

from inr.report.text import json_text
from inr.settings.options import FitOptions, PresetName
from inr_cli import options as common
from inr_cli.process import say, talk


def upscale(
    image: Annotated[Path, typer.Argument(help="PNG, JPEG, WebP, TIFF, BMP or GIF.", readable=False)],
    scale: Annotated[float, typer.Option(help="Times as wide and high as the picture; fractions too.")] = 2.0,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Picture to write; its ending is its type. [default: NAME.upscaled.png]"),
    ] = None,
    preset: Annotated[PresetName, typer.Option(help="Effort: fast, balanced or best.")] = "balanced",
    steps: Annotated[int | None, typer.Option(min=1, help="Updates of the network, instead of a preset.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop each of the two trainings after this time.")] = None,
    seed: Annotated[int, typer.Option(help="Start of all randomness.")] = 0,
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
    path = out or Path(f"{image.stem}.upscaled.png")
    page, looks = path.with_suffix(".md"), path.with_suffix(".html")
    figure = path.with_name(f"{path.stem}.before-after.png")
    with common.running(debug=debug, threads=threads, out=path.parent):
        for each in (path, page, looks, figure):
            common.check_out(each, overwrite=overwrite)
        from inr.files import write_whole
        from inr.imaging.reading import load_image
        from inr.imaging.writing import save_image
        from inr.restoration.html import upscaled_html
        from inr.restoration.page import draw_before_after, facts, rows, to_markdown, verdict
        from inr.restoration.upscale import enlarged_size
        from inr.restoration.upscale import upscale as enlarge
        from inr.settings.methods import configure
        from inr_cli.render import try_format

        wishes = FitOptions(method="local", preset=None if steps else preset, steps=steps, seconds=seconds, seed=seed)
        config = configure(wishes)
        picture = load_image(image, max_pixels=max_pixels)
        for note in picture.notes:
            talk(f"{image}: {note}.", quiet=quiet)
        size = enlarged_size(picture, scale, max_pixels)
        try_format(path, path.suffix, *size, picture.channels, picture.bit_depth)
        with common.bar(quiet, unit="part") as show:
            result = enlarge(
                picture, size, config, device=device, progress=lambda what, part: show(what, round(100 * part), 100)
            )
        save_image(path, result.picture, icc_profile=picture.icc_profile)
        draw_before_after(figure, picture, result)
        write_whole(page, to_markdown(picture, result, figure.name).encode())
        write_whole(looks, upscaled_html(picture, result, common.this_command()))
        if json:
            say(json_text({**facts(picture, result), "file": str(path)}))
        elif not quiet and result.check is not None:
            say("\n".join(f"{name:>13}  {psnr:>6} dB  SSIM {ssim}" for name, psnr, ssim in rows(result.check)))
        talk(verdict(result.check), quiet=quiet)
        talk(
            f"{path}: {size[0]} x {size[1]}, {result.training_seconds:.1f} s of training and "
            f"{result.drawing_seconds:.1f} s of drawing; before and after: {looks.name}, {page.name}, {figure.name}",
            quiet=quiet,
        )
