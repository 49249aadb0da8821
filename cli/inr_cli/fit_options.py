"""The options of a fit, for `fit` and `batch`: one for each field of `FitOptions`, made from what it says of itself."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from inr.errors import ConfigError
from inr.settings.options import WISHES, FitOptions, Wish, flag
from inr_cli.options import EXPERTS


def with_fit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each wish; it gets them together as its argument `wishes`."""
    hints = get_type_hints(FitOptions)
    fields = dataclasses.fields(FitOptions)
    options = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=Annotated[_kind(hints[each.name], WISHES[each.name]), _option(each.name, WISHES[each.name])],
        )
        for each in fields
    ]

    @functools.wraps(command)
    def gathered(**given: Any) -> None:
        command(wishes=FitOptions(**{each.name: given.pop(each.name) for each in fields}), **given)

    own = inspect.signature(command, eval_str=True).parameters.values()
    kept = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own if each.name != "wishes"]
    gathered.__signature__ = inspect.Signature([kept[0], *options, *kept[1:]])  # type: ignore[attr-defined]
    gathered.__annotations__ = {}
    del gathered.__wrapped__
    return gathered


def _kind(hint: Any, wish: Wish) -> Any:
    """Return the type that the command line is told: text, where a wish reads it by itself."""
    return hint if wish.read is None else str | None


def _option(name: str, wish: Wish) -> Any:
    return typer.Option(
        flag(name),
        help=wish.help,
        metavar=wish.metavar,
        min=wish.low,
        max=wish.high,
        parser=None if wish.read is None else _parser(wish.read),
        rich_help_panel=None if wish.common else EXPERTS,
    )


def _parser(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a reader of an option's text for which a text without meaning is a usage error."""

    @functools.wraps(read)
    def parse(text: str) -> Any:
        try:
            return read(text)
        except ConfigError as error:
            raise typer.BadParameter(str(error)) from error

    return parse
