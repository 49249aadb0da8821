"""The examples in docstrings of public names: what they show is what happens."""

import doctest
import importlib
import inspect

import pytest

import inr


def documented() -> list[doctest.DocTest]:
    """The docstrings with examples of every public name, its methods and properties included."""
    finder, found = doctest.DocTestFinder(recurse=True), {}
    for name in inr.__all__:
        thing = getattr(inr, name)
        module = importlib.import_module(thing.__module__)
        for test in finder.find(thing, f"inr.{name}", module=module, globs={"inr": inr}):
            if test.examples:
                found[test.name] = test
    return list(found.values())


EXAMPLES = documented()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)


def test_what_a_newcomer_begins_with_has_an_example():
    shown = {example.name.removeprefix("inr.") for example in EXAMPLES}
    begins = {"fit", "configure", "load_image", "image_from_array", "quantize", "save_model", "measure"}
    assert begins | {"Model.render", "Model.up_to", "parse_methods", "FitOptions"} <= shown


def test_every_public_name_says_what_it_is():
    for name in inr.__all__:
        assert inspect.getdoc(getattr(inr, name)), name
