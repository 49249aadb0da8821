"""`inr pack MODEL`: a model file -> a smaller one of the same model, its weights rounded as coarsely as it takes."""

from pathlib import Path
from typing import Annotated

import typer

from inr.errors import ModelFileError
from inr.report.text import json_text
from inr.settings.options import read_size
from inr_cli import options as common
from inr_cli.process import say, talk


def pack(
    model: Annotated[Path, typer.Argument(help="An .inr model file.", readable=False)],
    max_bytes: Annotated[str, typer.Option(help="At most so many bytes: 20000, 20k, 1.5M.", metavar="SIZE")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Model file to write. [default: NAME.pack.inr]")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(help="The picture it was fitted to, to measure what is left.", readable=False)
    ] = None,
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Make MODEL smaller without training it again; `inr fit --max-bytes` is slower and far better.

    Example: inr pack cat-inr/cat.inr --max-bytes 60k -o small.inr
    """
    with common.running(debug=debug, threads=threads):
        limit = read_size(max_bytes)
        path = out or Path(f"{model.stem}.pack.inr")
        common.check_out(path, overwrite=overwrite)
        from inr.analysis.metrics import check_alike, measure
        from inr.codec.model_file import encode, load_model, verified
        from inr.imaging.reading import load_image
        from inr.report.summary import decibels
        from inr.training.rounding.model import round_to_bytes

        before = model.stat().st_size if model.is_file() else 0
        loaded, source = load_model(model), None if image is None else load_image(image)
        if source is not None:
            check_alike(source, loaded)
        packed = verified(encode(round_to_bytes(loaded, limit)))
        psnr = [q.psnr_db for q in measure(source, packed.model)[0]] if source is not None else None
        _write(path, packed.data)
        facts = {"schema": 1, "file": str(path), "bytes": path.stat().st_size, "bytes_before": before}
        if json:
            say(json_text(facts if psnr is None else {**facts, "psnr_db": psnr}))
        told = "" if psnr is None else ", PSNR " + " / ".join(decibels(value) for value in psnr) + " dB"
        talk(f"{path}: {facts['bytes']:,} bytes, before {before:,}{told}", quiet=quiet)


def _write(path: Path, data: bytes) -> None:
    from inr.files import write_whole

    try:
        write_whole(path, data)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be written: {error.strerror or error}.") from error
