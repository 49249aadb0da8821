"""`inr pack MODEL`: a model file -> a smaller one of the same model, its weights rounded as coarsely as it takes."""

from pathlib import Path
from typing import Annotated

import typer

from inr.report.text import json_text
from inr.settings.config import MAX_PIXELS
from inr.settings.options import read_size
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say, talk


def pack(
    model: streams.ModelPath,
    max_bytes: Annotated[str, typer.Option(help="At most so many bytes: 20000, 20k, 1.5M.", metavar="SIZE")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Model file to write; - is standard output. [default: NAME.pack.inr]"),
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
        path = out or Path(f"{streams.stem(model)}.pack.inr")
        streams.check_stdout(path, json=json)
        streams.check_stdin(model, image)
        from inr.analysis.metrics import check_alike, measure
        from inr.codec.model_file import encode, verified
        from inr.report.decibels import decibels
        from inr.training.rounding.model import round_to_bytes

        loaded, data = streams.read_model(model)
        source = None if image is None else streams.read_picture(image, MAX_PIXELS)
        if source is not None:
            check_alike(source, loaded)
        common.check_out(path, model, image, overwrite=overwrite)
        packed = verified(encode(round_to_bytes(loaded, limit)))
        psnr = [q.psnr_db for q in measure(source, packed.model)[0]] if source is not None else None
        streams.write(path, packed.data)
        facts = {"schema": 1, "file": streams.target(path), "bytes": len(packed.data), "bytes_before": len(data)}
        if json:
            say(json_text(facts if psnr is None else {**facts, "psnr_db": psnr}))
        told = "" if psnr is None else ", PSNR " + " / ".join(decibels(value) for value in psnr) + " dB"
        talk(f"{streams.target(path)}: {facts['bytes']:,} bytes, before {len(data):,}{told}", quiet=quiet)
