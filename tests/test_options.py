"""Each wish once: its help, its flag, its text; there and back by every way a person may state it."""

import dataclasses
import re
import shlex
from pathlib import Path
from typing import Annotated, get_args, get_type_hints

import numpy as np
import pytest
import typer
from helpers.commands import run
from hypothesis import given, settings
from hypothesis import strategies as st
from inr_cli.fit_options import with_fit_options
from typer.testing import CliRunner

import inr
from inr.errors import ConfigError
from inr.settings.methods import configure
from inr.settings.options import WISHES, FitOptions, flag, read_wish, to_flags
from inr.settings.shape import MAX_GRADES
from inr.training.joint.sizing import sized

FIELDS = {each.name: each for each in dataclasses.fields(FitOptions)}
KINDS = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(FitOptions).items()}


def values(name: str) -> st.SearchStrategy:
    """What a field may hold that the command line takes: its choices, or numbers within the limits it states."""
    wish, kinds = WISHES[name], KINDS[name]
    if name == "grades":
        return st.integers(1, MAX_GRADES) | st.just("auto")
    if int in kinds:
        return st.integers(0 if wish.low is None else wish.low, 2**53 if wish.high is None else wish.high)
    if float in kinds:
        return st.floats(1e-9 if wish.low is None else wish.low, 1e9)
    choices = [choice for kind in kinds for choice in get_args(kind) or (kind,)]
    return st.sampled_from([choice for choice in choices if isinstance(choice, str)])


WISHED = st.fixed_dictionaries({}, optional={name: values(name) for name in FIELDS})


def by_command_line(text: str) -> FitOptions:
    """What the options of `inr fit` and `inr batch` make of a line of flags."""
    found = []
    app = typer.Typer()

    @app.command()
    @with_fit_options
    def probe(image: Annotated[Path, typer.Argument()], wishes: FitOptions) -> None:
        found.append(wishes)

    done = CliRunner().invoke(app, ["a.png", *shlex.split(text)])
    assert done.exit_code == 0, done.output
    return found[0]


@settings(max_examples=60, deadline=None)
@given(WISHED)
def test_flags_ask_the_command_line_for_the_very_wishes(wishes):
    options = FitOptions(**wishes)
    assert by_command_line(to_flags(options)) == options


@pytest.mark.parametrize("name", FIELDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_every_wish_is_read_from_the_text_that_its_flag_has(name, data):
    value = data.draw(values(name))
    words = shlex.split(to_flags(FitOptions(**{name: value})))
    if value == FIELDS[name].default:
        return
    assert words[0] == flag(name) and len(words) == 2
    assert read_wish(name, words[1]) == value
    assert by_command_line(shlex.join(words)) == FitOptions(**{name: value})


def test_what_is_the_default_is_not_asked_for():
    assert to_flags(FitOptions()) == "--method mgdl"
    assert to_flags(FitOptions(grades=2, seed=0, pixels="all")) == "--grades 2"
    assert by_command_line("") == FitOptions()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sigma", "auto", None), ("sigma", "3", 3.0), ("max_bytes", "20k", 20_000), ("max_bytes", "1.5M", 1_500_000),
        ("max_bytes", "512", 512), ("steps", "7", 7), ("target_psnr", "1e1", 10.0), ("activation", "sine", "sine"),
        ("preset", "fast", "fast"),
    ],
)  # fmt: skip
def test_texts_of_their_own(name, text, value):
    assert read_wish(name, text) == value == getattr(by_command_line(f"{flag(name)} {text}"), name)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("sigma", "wide", "accepted are a number of cycles, or auto"),
        ("max_bytes", "20 kB", "accepted are a number of bytes, or one with k or M"),
        ("max_bytes", "inf", "--max-bytes is 'inf'"),
        ("steps", "many", "steps is 'many'; it takes a whole number, such as steps=4"),
        ("batch_size", "0.5", "batch-size is '0.5'; it takes a whole number"),
        ("learning_rate", "fast", "learning-rate is 'fast'; it takes a number, such as learning-rate=0.5"),
    ],
)  # fmt: skip
def test_texts_that_are_none(name, text, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_wish(name, text)


def sections() -> dict[str, list[str]]:
    """The headings of `inr fit --help` in their order, and the flags under each."""
    found: dict[str, list[str]] = {}
    for line in run("fit", "--help").output.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            found[line[:-1]] = flags = []
        elif match := re.match(r"^  (?:-\w, )?(--[\w-]+)", line):
            flags.append(match[1])
    return found


def test_help_shows_what_people_use_first_and_then_the_rest():
    found = sections()
    assert list(found) == ["Arguments", "Options", "Options for experts"]
    common = [flag(name) for name, wish in WISHES.items() if wish.common]
    assert 8 <= len(common) <= 14
    assert [each for each in found["Options"] if each in common] == common
    assert [each for each in found["Options for experts"] if each.lstrip("-").replace("-", "_") in WISHES] == [
        flag(name) for name, wish in WISHES.items() if not wish.common
    ]
    assert {"--out", "--overwrite", "--json", "--quiet"} <= set(found["Options"])
    assert {"--device", "--threads", "--memory", "--debug"} <= set(found["Options for experts"])
    everything = [each for flags in found.values() for each in flags]
    assert len(everything) == len(set(everything))


def grade(name: str, **wishes) -> object:
    """The value that the grades of a configuration have in common."""
    (value,) = {getattr(shape, name) for shape in configure(FitOptions(**wishes)).grades}
    return value


def trained(name: str, **wishes) -> object:
    return getattr(configure(FitOptions(**wishes)).training, name)


WAVES, SINGLE = {"method": "mgdl-fourier"}, {"method": "sgdl-fourier"}
LONG, LONG_SINGLE = WAVES | {"seconds": 60.0}, SINGLE | {"preset": "best"}


def width_on_planes(side: int, **wishes) -> int:
    """Neurons of each grade for a picture of this side, in colour."""
    config = configure(FitOptions(**wishes))
    image = inr.image_from_array(np.zeros((side, side, 3), np.uint8))
    (width,) = {shape.width for shape in sized(image, config, config.training, None)[0].grades}
    return width


def test_the_defaults_that_help_states_are_those_that_are_taken():
    planes, waves = configure(), configure(FitOptions(**WAVES))
    assert waves.encoding.sigma is None
    assert configure(FitOptions(method="siren")) == configure(FitOptions(method="siren", recipe="paper"))
    assert planes == configure(FitOptions(preset="balanced", quality=97))
    stated = {
        "preset": "balanced",
        "quality": "97",
        "grades": f"{len(planes.grades)}; local: {len(configure(FitOptions(method='local')).grades)}",
        "depth": f"{grade('depth')}; sgdl-fourier: {grade('depth', **SINGLE)}; "
        f"on waves with time {grade('depth', **LONG)} and {grade('depth', **LONG_SINGLE)}",
        "width": f"{width_on_planes(20, quality=50)} to {width_on_planes(1100, quality=50)}, by the size of the file; "
        f"without updates: one a colour; on waves: {grade('width', **WAVES)}, with time {grade('width', **LONG)}",
        "encoding": planes.encoding.kind,
        "sigma": "auto",
        "frequencies": f"{waves.encoding.frequencies}; with --preset best or --seconds 60 or more: "
        f"{configure(FitOptions(**LONG_SINGLE)).encoding.frequencies}",
        "activation": f"{grade('activation')}; on waves: {grade('activation', **WAVES)}",
        "steps": "as the preset says",
        "batch_size": f"{trained('batch_size', **WAVES)}; with time: {trained('batch_size', **LONG)}",
        "learning_rate": f"{trained('learning_rate', **WAVES)}; with time {trained('learning_rate', **LONG)}; "
        f"sgdl-fourier: {trained('learning_rate', **LONG_SINGLE)}; "
        f"adam: {trained('learning_rate', optimizer='adam', **WAVES)}",
        "optimizer": trained("optimizer", **WAVES),
        "recipe": "paper",
        "precision": trained("precision", **WAVES),
        "stop": f"{waves.stop}; with --pixels half, {configure(FitOptions(pixels='half', **WAVES)).stop} for methods "
        "of our own",
    }
    assert width_on_planes(20, preset="fast") == width_on_planes(1100) == 3
    for name in ("batch_size", "optimizer", "precision"):
        assert trained(name, **SINGLE) == trained(name, **WAVES)
    assert trained("learning_rate", optimizer="adam", **SINGLE) == trained("learning_rate", optimizer="adam", **WAVES)
    found = {name: re.findall(r"\[default: (.*)\]$", wish.help) for name, wish in WISHES.items()}
    assert {name: text[0] for name, text in found.items() if text} == stated
    for name, each in FIELDS.items():  # what has a plain default shows it by itself; what has none says what is taken
        assert (each.default is None) or not found[name]


def test_every_wish_ends_in_a_sentence_and_has_a_flag_of_its_name():
    for name, wish in WISHES.items():
        assert re.search(r"\.( \[default: .*\])?$", wish.help), name
        assert flag(name) == "--" + name.replace("_", "-")
