"""What was asked for by `--methods` -> the methods in the running, each with its options."""

from dataclasses import dataclass

from inr.comparison.runs import Variant
from inr.errors import ConfigError
from inr.settings.methods import METHODS, configure
from inr.settings.options import WISHES, FitOptions, read_wish
from inr.settings.rivals import RIVALS

_ACCEPTED = [name for name in WISHES if name not in ("method", "steps", "seed", "seconds", "pixels")]
"""Options that a method may have behind colons; the others are the comparison's own."""


ON_PLANES = ("mgdl", "sgdl")
BEST_QUALITY = 100
"""Quality of methods on feature planes, where none is asked for: other methods know no other aim than the PSNR."""


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

    Example:
        >>> [contender.options.grades for contender in inr.parse_methods("mgdl,siren:grades=4")]
        [None, 4]
    """
    names = list(METHODS) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--methods is {text!r}; it takes different names, separated by commas, or all.")
    return [Contender(name=name, options=_options(name)) for name in names]


def _options(name: str) -> FitOptions:
    method, *settings = name.split(":")
    values = {}
    for setting in settings:
        key, _, text = setting.partition("=")
        key = key.replace("-", "_")
        if key not in _ACCEPTED:
            known = ", ".join(key.replace("_", "-") for key in _ACCEPTED)
            raise ConfigError(f"--methods: {name!r} has an option {key!r}; accepted are {known}.")
        try:
            values[key] = read_wish(key, text)
        except ConfigError as error:
            raise ConfigError(f"--methods: in {name!r}, {error}") from error
    if method in ON_PLANES and not values.keys() & {"quality", "target_psnr", "max_bytes", "target_bpp", "encoding"}:
        values["quality"] = BEST_QUALITY
    options = FitOptions(method=method, **values)  # type: ignore[arg-type]
    configure(options)
    return options
