"""What a person may ask of a fit -> `FitOptions`: each wish once, with its help, its limits and how its text is read.

The command line makes its options from these fields, `inr compare --methods` reads them from text, and pages print
them as the flags that repeat a fit.
"""

import dataclasses
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_type_hints

from inr.errors import ConfigError
from inr.settings.config import PixelsName, StopName
from inr.settings.shape import MAX_GRADES, ActivationName, WishedEncodingName
from inr.settings.trainings import OptimizerName, PrecisionName

OwnName = Literal["mgdl", "sgdl", "mgdl-fourier", "sgdl-fourier", "local", "mgdl-paper", "sgdl-paper"]
RivalName = Literal[
    "fourier", "fourier-multiscale", "siren", "finer", "wire", "gauss", "mscale-1", "mscale-2", "phase", "adaptive",
    "msnn",
]  # fmt: skip
MethodName = Literal[OwnName, RivalName]
PresetName = Literal["fast", "balanced", "best"]
RecipeName = Literal["paper", "inr"]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How a person states a wish.

    Attributes:
        help: what `--help` says of it.
        low: least number that the command line takes, or None.
        high: largest one, or None.
        metavar: what `--help` calls its value, where that is no choice and no plain number.
        read: makes the value of a text that is no choice and no plain number, or a choice of which `configure` has more
            to say than what is accepted.
        common: whether `--help` shows it among the options that people use first.
    """

    help: str
    low: float | None = None
    high: int | None = None
    metavar: str | None = None
    read: Callable[[str], Any] | None = None
    common: bool = False


def read_cycles(text: str) -> float | None:
    """Return a number of cycles, or None for `auto`.

    Raises:
        ConfigError: neither of the two.
    """
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"sigma is {text!r}; accepted are a number of cycles, or auto.") from None


def read_grades(text: str) -> int | Literal["auto"]:
    """Return a number of grades, or `auto`.

    Raises:
        ConfigError: neither of the two.
    """
    if text == "auto":
        return "auto"
    if not text.isdecimal() or not 1 <= int(text) <= MAX_GRADES:
        raise ConfigError(f"grades is {text!r}; accepted are whole numbers from 1 to {MAX_GRADES}, or auto.")
    return int(text)


def read_size(text: str) -> int:
    """Return the bytes that `20000`, `20k` or `1.5M` names; k is a thousand, M a million.

    Raises:
        ConfigError: no such number.
    """
    factor = {"k": 1e3, "M": 1e6}.get(text[-1:], 1.0)
    try:
        return int(float(text.removesuffix("k").removesuffix("M")) * factor)
    except (ValueError, OverflowError):
        raise ConfigError(f"--max-bytes is {text!r}; accepted are a number of bytes, or one with k or M.") from None


def _wish(default: Any = None, **words: Any) -> Any:
    return field(default=default, metadata={"wish": Wish(**words)})


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """A person's wishes for a fit; None leaves the choice to the method and the preset.

    The names and units are those of `FitConfig`, its trainings and its shapes. depth, width, activation, steps and
    learning_rate hold for every grade. `wish` tells what each means to a person.

    Example:
        >>> from inr.settings.options import to_flags
        >>> to_flags(inr.FitOptions(grades=2, max_bytes=20_000))
        '--grades 2 --max-bytes 20000'
    """

    method: MethodName = _wish(
        "mgdl", common=True, metavar="NAME", read=str,
        help="mgdl: several grades; sgdl: one; -fourier: on waves; -paper: the authors' own; see `inr methods`.",
    )  # fmt: skip
    preset: PresetName | None = _wish(
        common=True, metavar="NAME", read=str, help="Effort: fast, balanced or best. [default: balanced]"
    )
    quality: int | None = _wish(
        common=True, low=1, high=100,
        help="Quality from 1 to 100, which means about what it means for JPEG. [default: 97]",
    )  # fmt: skip
    grades: int | Literal["auto"] | None = _wish(
        common=True, metavar="N", read=read_grades,
        help="Number of grades; on waves, auto adds grades as long as held-out pixels gain. [default: 4; local: 1]",
    )  # fmt: skip
    depth: int | None = _wish(
        low=1, high=64, help="Hidden layers of each grade. [default: 2; sgdl-fourier: 8; on waves with time 3 and 6]"
    )
    width: int | None = _wish(
        low=1,
        high=8192,
        help="Neurons of each hidden layer. [default: 8 to 24, by the size of the file; without updates: one a colour; "
        "on waves: 192, with time 256]",
    )
    encoding: WishedEncodingName | None = _wish(
        common=True,
        help="What a coordinate becomes: learned feature planes (grid), waves, or itself. [default: grid]",
    )
    sigma: float | None = _wish(
        metavar="CYCLES", read=read_cycles,
        help="Bandwidth of the encoding, in cycles per longer side; auto reads it off the picture. [default: auto]",
    )  # fmt: skip
    omega: float | None = _wish(
        help="Gain of the activation of siren, finer, wire, gauss and adaptive; highest scale of mscale."
    )
    frequencies: int | None = _wish(
        low=1, help="Frequencies of the encoding. [default: 64; with --preset best or --seconds 60 or more: 256]"
    )
    activation: ActivationName | None = _wish(help="Function after each hidden layer. [default: relu; on waves: sine]")
    steps: int | None = _wish(
        low=1, help="Updates of each grade; with feature planes, of all together. [default: as the preset says]"
    )
    batch_size: int | None = _wish(
        low=0,
        help="Pixels of a step on waves; 0 is all. [default: 4096; with time: 8192]",
    )
    learning_rate: float | None = _wish(
        help="Learning rate on waves at its highest. [default: 0.06; with time 0.04; sgdl-fourier: 0.02; adam: 0.001]"
    )
    optimizer: OptimizerName | None = _wish(help="Optimiser of the hidden matrices on waves. [default: muon]")
    recipe: RecipeName | None = _wish(
        help="How a published method is trained: as its paper does, or as inr does. [default: paper]"
    )
    pixels: PixelsName = _wish(
        "all", common=True, help="Train on all pixels, or on every other row and column (the papers' protocol)."
    )
    stop: StopName | None = _wish(
        common=True,
        help="On waves, train to the end, or keep what is best on training pixels held out. [default: end; with "
        "--pixels half, held-out for methods of our own]",
    )
    target_psnr: float | None = _wish(
        common=True, help="Aim at this PSNR, dB; on waves, stop when the training pixels reach it."
    )
    max_bytes: int | None = _wish(
        common=True, metavar="SIZE", read=read_size,
        help="Make a file of at most so many bytes: 20000, 20k, 1.5M.",
    )  # fmt: skip
    target_bpp: float | None = _wish(common=True, help="Make a file of at most so many bits per pixel.")
    seconds: float | None = _wish(common=True, low=0.01, help="Stop training after this time.")
    precision: PrecisionName | None = _wish(
        help="Type of the products in training on waves; auto takes the faster. [default: auto]"
    )
    seed: int = _wish(0, common=True, help="Start of all randomness; the same seed gives the same bytes.")


WISHES: dict[str, Wish] = {each.name: each.metadata["wish"] for each in dataclasses.fields(FitOptions)}
"""How a person states each field of `FitOptions`, in their order."""


def flag(name: str) -> str:
    """Return a field's name as the command line spells it."""
    return f"--{name.replace('_', '-')}"


def read_wish(name: str, text: str) -> object:
    """Return the value of a field that a text names.

    Raises:
        ConfigError: the text is none of its values. Whether a name is one of a choice is for `configure` to say.
    """
    wish, hint = WISHES[name], get_type_hints(FitOptions)[name]
    kinds = get_args(hint) or (hint,)
    if wish.read is not None:
        return wish.read(text)
    for kind, what, such in ((int, "a whole number", "4"), (float, "a number", "0.5")):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                spelled = name.replace("_", "-")
                raise ConfigError(f"{spelled} is {text!r}; it takes {what}, such as {spelled}={such}.") from None
    return text


def to_flags(options: FitOptions) -> str:
    """Return the options of `inr fit` that ask for these wishes."""
    words = []
    for each in dataclasses.fields(options):
        value = getattr(options, each.name)
        if value is not None and value != each.default:
            words += [flag(each.name), _number(value) if isinstance(value, float) else str(value)]
    return shlex.join(words) or f"--method {options.method}"


def _number(value: float) -> str:
    """Return the text of a number: six digits, or as many as it takes to be read back the same."""
    short = f"{value:.6g}"
    return short if float(short) == value else repr(value)
