"""`inr methods`: what there is to fit with, and whose it is."""

import json as json_text
from dataclasses import asdict
from typing import Annotated, Any

import typer

from inr.settings.methods import METHODS, OWN_TITLES, configure
from inr.settings.options import FitOptions
from inr.settings.rivals import RIVALS
from inr_cli import options as common


def methods(
    json: common.Json = False,
    settings: Annotated[bool, typer.Option("--settings", help="Show every setting of each.")] = False,
    debug: common.Debug = False,
) -> None:
    """List the methods of `inr fit --method` and `inr compare --methods`, with their papers.

    Example: inr methods
    """
    with common.running(debug=debug):
        titles = OWN_TITLES | {name: (rival.title, rival.paper) for name, rival in RIVALS.items()}
        configs: dict[str, dict[str, Any]] = {name: asdict(configure(FitOptions(method=name))) for name in METHODS}
        if json:
            facts = [
                {"name": name, "title": title, "paper": paper, "settings": configs[name]}
                for name, (title, paper) in titles.items()
            ]
            typer.echo(json_text.dumps({"schema": 1, "methods": facts}, indent=2))
            return
        for name, (title, paper) in titles.items():
            typer.echo(f"{name:<18} {title}\n{'':<18} {paper}")
            if settings:
                typer.echo(f"{'':<18} " + json_text.dumps(configs[name]))
