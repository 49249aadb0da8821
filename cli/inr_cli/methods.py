"""`inr methods`: what there is to fit with, and whose it is."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from inr.report.text import json_text
from inr.settings.methods import METHODS, OWN_TITLES, configure
from inr.settings.options import FitOptions
from inr.settings.rivals import RIVALS
from inr_cli import options as common
from inr_cli.process import say


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
            say(json_text({"schema": 1, "methods": facts}))
            return
        for name, (title, paper) in titles.items():
            say(f"{name:<18} {title}\n{'':<18} {paper}")
            if settings:
                say(f"{'':<18} " + json_text(configs[name], indent=None))
