"""JavaScript modules -> one function that a page, or a worker, can call without a server.

A page opened from disk may not import modules from files. So the modules of `js/`, which stand as they are for readers
and other programs, are put one after another into one function: each after those that it imports, without the lines
that import and export.
"""

import re
from pathlib import Path

MODULES = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_0-9]+\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:const|class|function|async function)\b)", re.M)


def one_function(name: str, entry: str) -> str:
    """Return the text of `function name()`, which gives an object of all that the module `entry` exports.

    Args:
        name: of the function.
        entry: file name of the module.
    """
    parts: dict[str, str] = {}
    _gather(entry, parts)
    exported = re.findall(r"^export (?:const|class|(?:async )?function\*?) (\w+)", _text(entry), flags=re.M)
    body = "\n".join(parts.values())
    return f'function {name}() {{\n"use strict";\n{body}\nreturn {{ {", ".join(exported)} }};\n}}\n'


def _gather(file: str, parts: dict[str, str]) -> None:
    """Add a module to the parts, after all that it imports."""
    text = _text(file)
    for other in _IMPORT.findall(text):
        if other not in parts:
            _gather(other, parts)
    parts[file] = f"// ---- {file}\n" + _EXPORT.sub("", _IMPORT.sub("", text))


def _text(file: str) -> str:
    return (MODULES / file).read_text(encoding="utf-8")
