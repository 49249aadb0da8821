"""JavaScript modules -> one function that a page, or a worker, can call without a server.

A page opened from disk may not import modules from files. So the modules of `js/`, which stand there as they are for
readers and other programs, are put one after another into one function, each in a scope of its own and after those that
it imports.
"""

import re
from pathlib import Path

MODULES = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./([a-z_0-9]+)\.js";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function\*?) (\w+))", re.M)


def one_function(name: str, entry: str) -> str:
    """Return the text of `function name()`, which gives an object of all that a module exports.

    Args:
        name: of the function.
        entry: name of the module.
    """
    scopes: dict[str, str] = {}
    _gather(entry, scopes)
    return f'function {name}() {{\n"use strict";\n{"".join(scopes.values())}return {entry}_js;\n}}\n'


def _gather(module: str, scopes: dict[str, str]) -> None:
    """Add a module to the scopes, after all that it imports."""
    text = (MODULES / f"{module}.js").read_text(encoding="utf-8")
    for _, other in _IMPORT.findall(text):
        if other not in scopes:
            _gather(other, scopes)
    names = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = \2_js;\n", text))
    scopes[module] = f"const {module}_js = (() => {{\n{body}return {{ {names} }};\n}})();\n"
