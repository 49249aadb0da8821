"""`inr report FOLDER`: what a fit, a comparison, a batch or an experiment left -> its page again."""

from pathlib import Path
from typing import Annotated

import typer

from inr.report.text import json_text
from inr_cli import options as common
from inr_cli.process import say, talk


def report(
    folder: Annotated[Path, typer.Argument(help="Folder that fit, compare, batch or reproduce left.", readable=False)],
    image: Annotated[
        list[Path] | None,
        typer.Option(help="The picture, or the folder of the pictures, if not where it was.", readable=False),
    ] = None,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Make report.html in FOLDER again, from what fit, compare, batch or reproduce left there.

    Example: inr report cat-inr
    """
    with common.running(debug=debug, out=folder):
        from inr.errors import InrError
        from inr.files import write_whole
        from inr.report.html import NAME, check_page

        if not folder.is_dir():
            there = f"{folder} is a file" if folder.exists() else f"there is no folder {folder}"
            raise InrError(f"{there}; give the folder that fit, compare, batch or reproduce left.")
        path, given = folder / NAME, image or []
        if not overwrite:
            check_page(path)
        if (folder / "report.json").exists():
            from inr.report.fit_html import fit_html_again

            kind, page = "fit", fit_html_again(folder, given, max_pixels=max_pixels)
        elif (folder / "comparison.json").exists():
            from inr.comparison.html import comparison_html_again

            kind, page = "comparison", comparison_html_again(folder, given, max_pixels=max_pixels)
        elif (folder / "batch.json").exists():
            from inr.batch.html import batch_html_again

            kind, page = "batch", batch_html_again(folder, given)
        elif (folder / "experiment.json").exists():
            from inr.experiments.html import experiment_html_again

            kind, page = "experiment", experiment_html_again(folder)
        else:
            raise InrError(
                f"{folder} holds no report.json, comparison.json, batch.json or experiment.json; give a folder that "
                "has one."
            )
        try:
            write_whole(path, page)
        except OSError as error:
            raise InrError(f"{path} cannot be written: {error.strerror or error}.") from error
        if json:
            say(json_text({"schema": 1, "file": str(path), "kind": kind, "bytes": len(page)}, indent=None))
        article = "an" if kind == "experiment" else "a"
        talk(f"{path}: the page of {article} {kind}, {len(page):,} bytes", quiet=quiet)
