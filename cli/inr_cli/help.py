"""`--help` of commands with many options: those that people use first, then the rest under a heading of its own."""

from typing import Any

from typer.core import TyperCommand

from inr_cli.options import EXPERTS


class GroupedCommand(TyperCommand):
    """A command whose help has two lists of options; the library calls for a class here."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, the common options and those for experts."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], EXPERTS: []}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                argument = parameter.param_type_name == "argument"
                panel = getattr(parameter, "rich_help_panel", None) or "Options"
                sections["Arguments" if argument else panel].append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)
