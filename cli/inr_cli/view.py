"""`inr view MODEL`: a model file -> a page that decodes it in a browser."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from inr.errors import ConfigError
from inr.report.text import json_text, printable
from inr_cli import options as common
from inr_cli import streams
from inr_cli.process import say, talk


def view(
    model: Annotated[
        Path | None,
        typer.Argument(help="An .inr model file; - is standard input.", readable=False, show_default=False),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Page to write. [default: NAME.html]")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page in the browser.")] = False,
    script: Annotated[
        bool,
        typer.Option("--script", help='Write inr.js instead, by which <img src="cat.inr"> works on any page.'),
    ] = False,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Write a page that holds MODEL, decodes it in the browser and shows it at any zoom and grade.

    Example: inr view cat-inr/cat.inr
    """
    path = out or Path("inr.js" if script or model is None else f"{streams.stem(model)}.html")
    with common.running(debug=debug, out=path):
        if (model is None) != script:
            raise ConfigError("inr view takes a model file, or --script without one.")
        streams.refuse_stdout(path)
        from inr.files import write_whole
        from inr.viewer.page import image_script, viewer_page

        if model is None:
            text = image_script()
        else:
            _, data = streams.read_model(model)  # a broken file is an error here, a cut one a warning
            text = viewer_page(data, printable(Path(streams.source(model)).name))
        common.check_out(path, model, overwrite=overwrite)
        write_whole(path, text.encode())
        if json:
            say(json_text({"schema": 1, "file": str(path), "bytes": len(text.encode())}))
        talk(f"{path}: {len(text.encode()):,} bytes", quiet=quiet)
        if not (script or no_open):
            webbrowser.open(path.absolute().as_uri())
