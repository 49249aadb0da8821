"""Wrong usage: each message says what was found and what is accepted, in words of this program."""

import pytest
from helpers.commands import run


def said(*arguments):
    """What is said of a command line that makes no sense, below the two lines of usage."""
    done = run(*arguments, code=2)
    assert done.stdout == "" and "Value error" not in done.stderr and "Input should" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("command", "option", "value", "takes"),
    [
        ("upscale", "--scale", "4x", "a number such as 3.5"),
        ("upscale", "--scale", "3,5", "a number such as 3.5"),
        ("upscale", "--seconds", "0", "a number such as 3.5, at least 0.01"),
        ("inpaint", "--seconds", "0", "a number such as 3.5, at least 0.01"),
        ("fit", "--seconds", "0", "a number such as 3.5, at least 0.01"),
        ("denoise", "--steps", "0", "a whole number, at least 1"),
        ("compare", "--seeds", "2.5", "a whole number, 1 to 100"),
        ("fit", "--quality", "101", "a whole number, 1 to 100"),
        ("upscale", "--threads", "many", "a whole number, 1 to 256"),
    ],
)
def test_a_number_that_is_none_or_out_of_range(command, option, value, takes):
    assert said(command, "a.png", option, value) == f"Error: Invalid value for '{option}': '{value}'; it takes {takes}."


@pytest.mark.parametrize(
    ("arguments", "choices"),
    [
        (["upscale", "a.png", "--preset", "slow"], "'fast', 'balanced', 'best'"),
        (["reproduce", "synthetic", "--effort", "slow"], "'quick', 'standard', 'paper'"),
        (["fit", "a.png", "--device", "slow"], "'auto', 'cpu', 'cuda', 'mps'"),
    ],
)
def test_a_choice_that_there_is_not(arguments, choices):
    assert said(*arguments) == f"Error: Invalid value for '{arguments[-2]}': 'slow' is not one of {choices}."


@pytest.mark.parametrize("command", ["upscale", "inpaint", "denoise", "fit"])
def test_help_shows_the_range_of_seconds(command):
    assert "[x>=0.01]" in " ".join(run(command, "--help").stdout.partition("--seconds")[2].split())


def test_what_is_missing_is_told_with_what_it_is_and_an_example():
    what = "Error: Missing option '--mask'. Picture of the same size: white is unknown, black is known."
    example = "Example: inr inpaint photo.png --mask mask.png -o out.png"
    assert said("inpaint", "photo.png") == f"{what} {example}"
    assert said("inpaint", "photo.png", "mask.png") == f"{what} Did you mean --mask mask.png?"
    assert said("pack", "cat.inr", "40k").endswith("Did you mean --max-bytes 40k?")
    assert said("upscale").endswith("Example: inr upscale photo.png --scale 4 -o big.png")


@pytest.mark.parametrize("rest", [["-o", "q.png"], []])
def test_an_option_without_its_value(rest):
    assert said("fit", "a.png", "--sigma", "x") == (
        "Error: Invalid value for '--sigma': 'x'; accepted are a number of cycles, or auto."
    )
    words = "Option '--noise' requires an argument. Deviation of the noise in levels of 255, or auto"
    assert words in said("denoise", "noisy.png", "--noise", *rest)


def test_an_option_is_found_by_what_it_takes():
    assert "--noise" in said("denoise", "noisy.png", "--sigma", "25")
    assert "--quality" in said("fit", "a.png", "--qualty", "25")


def test_help_is_no_command_but_an_option():
    assert said("help") == "Error: No such command 'help'; give `inr --help`, or `inr COMMAND --help`."
