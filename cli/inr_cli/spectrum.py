"""`inr spectrum MODEL`: what each grade learned, by frequency."""

from pathlib import Path
from typing import Annotated

import typer

from inr.report.text import json_text
from inr.settings.config import PixelsName
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say, talk


def spectrum(
    model: streams.ModelPath,
    image: Annotated[
        Path | None,
        typer.Option(help="The picture it was fitted to; without it, only what each grade adds.", readable=False),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="PNG to write. [default: NAME.spectrum.png]")] = None,
    pixels: Annotated[
        PixelsName, typer.Option(help="What it was trained on, as in fit; for the Nyquist line.")
    ] = "all",
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    device: common.Device = "auto",
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Show what each grade of MODEL learned, by frequency: a table, and a picture of the spectra.

    Example: inr spectrum cat-inr/cat.inr --image cat.png
    """
    path = out or Path(f"{streams.stem(model)}.spectrum.png")
    with common.running(debug=debug, threads=threads, out=path):
        from inr.analysis.spectrum import spectrum as analyse
        from inr.device import choose_device
        from inr.report.spectrum_figure import check_name, save_spectrum
        from inr.report.spectrum_text import spectrum_data, spectrum_rows

        streams.refuse_stdout(path)
        streams.check_stdin(model, image)
        check_name(path)
        on = choose_device(device)
        network, _ = streams.read_model(model)
        picture = streams.read_picture(image, max_pixels) if image else None
        common.check_out(path, model, image, overwrite=overwrite)
        found = analyse(picture, network.to(on), pixels=pixels)
        save_spectrum(path, found)
        if json:
            facts = {"schema": 1, "file": str(path), **spectrum_data(found)}
            say(json_text(facts, indent=None))
        elif not quiet:
            what = "relative error after each grade" if found.source else "size of what each grade adds"
            say(f"{what}, by frequency in cycles per pixel")
            for row in spectrum_rows(found):
                say(f"{row[0]:>5}" + "".join(f"  {cell:>10}" for cell in row[1:]))
        talk(f"{path}: {len(found.grades)} grades", quiet=quiet)
