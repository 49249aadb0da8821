"""A command line that makes no sense -> what was found, what is accepted, an example; and `--help` in sections."""

import inspect
import itertools
import re
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from inr.report.text import printable
from inr_cli.options import EXPERTS

_UsageError: Any = typer.BadParameter.__mro__[1]
"""Of all wrong usage: typer has a public name for this kind of it alone."""
_LEAST_WORD = 3
"""Letters of an unknown option by which one that takes such a value is looked for."""


class Commands(TyperGroup):
    """All commands; the library calls for a class here."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is asked for; `help` is none, but says what a person wants."""
        if args[:1] == ["help"]:
            ctx.fail("No such command 'help'; give `inr --help`, or `inr COMMAND --help`.")
        return super().resolve_command(ctx, args)


class Command(TyperCommand):
    """One of them: its help has two lists of options, and wrong usage is told with what is accepted."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, the options that people use first, and those for experts."""
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

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments; say of wrong ones what the library below does not."""
        given = list(args)
        options: dict[str, Any] = {
            spelling: each for each in self.get_params(ctx) for spelling in each.opts if spelling[0] == "-"
        }
        for name, value in itertools.pairwise(itertools.takewhile(lambda word: word != "--", given)):
            if _takes_value(options.get(name)) and value in options:
                ctx.fail(f"Option '{name}' requires an argument. {options[name].help}")  # else `value` would be one
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            parameter: Any = error.param
            values, left, _ = self.make_parser(ctx).parse_args(args=given)
            if error.message:
                error.message = self._accepted(parameter.name, values[parameter.name], error.message)
            else:  # it is missing
                known = "".join(re.findall("Example: .*", self.help or "")[:1])
                meant = f"Did you mean {parameter.opts[0]} {printable(' '.join(left))}?" if left else known
                error.message = " ".join(filter(None, (parameter.help, meant)))
            raise
        except _UsageError as error:
            name = getattr(error, "option_name", "")
            if _takes_value(options.get(name)):
                error.message += f" {options[name].help}"
            elif name and name not in options and len(word := name.lstrip("-").lower()) >= _LEAST_WORD:
                takes = {spelling for spelling, each in options.items() if word in _words(each.metavar)}
                error.possibilities = sorted({*(error.possibilities or ()), *takes})
            raise

    def _accepted(self, name: str, value: str, message: str) -> str:
        """Return what is wrong with the value of a parameter: in our words for a number, else in the library's."""
        hint, info = get_args(inspect.signature(self.callback or (lambda: None)).parameters[name].annotation)
        kinds = get_args(hint) or (hint,)
        if int not in kinds and float not in kinds:
            words = name.replace("_", "-")  # the library below has named the option already
            return re.sub(f"^(--)?{re.escape(words)} is ", "", message.removeprefix("Value error, "))
        limits = f", at least {info.min}" if info.max is None else f", {info.min} to {info.max}"
        such = "a whole number" if int in kinds else "a number such as 3.5"
        return f"{value!r}; it takes {such}{'' if info.min is None else limits}."


def _takes_value(option: Any) -> bool:
    return option is not None and not getattr(option, "is_flag", False)


def _words(text: str | None) -> list[str]:
    return re.findall(r"\w+", (text or "").lower())
