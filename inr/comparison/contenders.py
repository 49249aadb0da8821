"""What was asked for by `--methods` -> the methods in the running, each with its options."""

from dataclasses import dataclass
from typing import get_args, get_type_hints

from inr.comparison.runs import Variant
from inr.errors import ConfigError
from inr.settings.methods import METHODS, configure
from inr.settings.options import FitOptions
from inr.settings.rivals import RIVALS


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A method in the running.

    Attributes:
        name: as it was asked for: a method, with options behind colons if any.
        options: what `configure` is given.
    """

    name: str
    options: FitOptions

    @property
    def published(self) -> bool:
        """Whether its first variant is its paper's settings."""
        plain = configure(self.options) == configure(FitOptions(method=self.options.method))
        return plain and (self.options.method in RIVALS or self.options.method.endswith("-paper"))

    @property
    def first(self) -> Variant:
        """Its variant before any search."""
        return "paper" if self.published else "default"


def parse_methods(text: str) -> list[Contender]:
    """Return the contenders that `mgdl,siren,siren:grades=4:depth=1` or `all` names.

    Raises:
        ConfigError: an unknown method or option, or a value that is none.
    """
    names = list(METHODS) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--methods is {text!r}; it takes different names, separated by commas, or all.")
    return [Contender(name=name, options=_options(name)) for name in names]


def _options(name: str) -> FitOptions:
    method, *settings = name.split(":")
    hints, values = get_type_hints(FitOptions), {}
    accepted = [key for key in hints if key not in ("method", "steps", "seed", "seconds", "pixels")]
    for setting in settings:
        key, _, value = setting.partition("=")
        key = key.replace("-", "_")
        if key not in accepted:
            known = ", ".join(key.replace("_", "-") for key in accepted)
            raise ConfigError(f"--methods: {name!r} has an option {key!r}; accepted are {known}.")
        values[key] = _value(value, get_args(hints[key]), setting, name)
    options = FitOptions(method=method, **values)  # type: ignore[arg-type]
    configure(options)
    return options


def _value(text: str, kinds: tuple[object, ...], setting: str, name: str) -> object:
    for kind, what in ((int, "a whole number"), (float, "a number")):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                wanted = f"{setting.partition('=')[0]}={'4' if kind is int else '0.5'}"
                message = f"--methods: {name!r} says {setting!r} where {what} is needed, such as {wanted}."
                raise ConfigError(message) from None
    return text
