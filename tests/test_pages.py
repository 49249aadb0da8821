"""The pages for readers: short enough, with links that lead somewhere, and true of the program they describe."""

import json
import re
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from helpers.pictures import README, picture
from inr_cli.main import app
from typer.testing import CliRunner

import inr
from inr.networks.entropy_model import PASSES

ROOT = README.parent
REFERENCE, MAP, FORMAT = ROOT / "cli" / "README.md", ROOT / "inr" / "README.md", ROOT / "inr" / "codec" / "FORMAT.md"
GOLDEN = ROOT / "tests" / "golden" / "version3.inr"
PAGES = [
    README,
    *(page for folder in ("inr", "cli", "data", "tests") for page in sorted((ROOT / folder).rglob("*.md"))),
]
COMMANDS = [command.callback.__name__ for command in app.registered_commands]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """The text of a page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)


def block(page: Path, language: str) -> str:
    """The one block of code of this language on a page."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.M | re.S)
    return found


def links(page: Path) -> list[str]:
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> list[str]:
    """What the headings of a page are called in links, by the rule of GitHub."""
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def leads_to(page: Path, link: str) -> Path:
    return (page.parent / unquote(link.partition("#")[0])).resolve() if not link.startswith("#") else page


def test_the_front_page_is_short():
    assert len(README.read_text().splitlines()) < 200


def test_the_front_page_has_one_line_that_the_continuous_integration_runs():
    assert len(re.findall(r"^python3 -m venv .* && pytest$", README.read_text(), flags=re.M)) == 1


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    for link in links(page):
        if re.match(r"https?://", link):
            continue
        target = leads_to(page, link)
        assert target.exists(), f"{link} leads nowhere"
        anchor = link.partition("#")[2]
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_headings_of_a_page_differ(page):
    assert len(set(anchors(page))) == len(anchors(page))


def test_every_page_is_found_from_the_front_page():
    found, new = {README}, [README]
    while new:
        page = new.pop()
        targets = {leads_to(page, link) for link in links(page) if not re.match(r"https?://", link)}
        pages = {target for target in targets if target.suffix == ".md"} - found
        found |= pages
        new += pages
    assert set(PAGES) <= found


def test_the_python_of_the_front_page_runs(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    inr.save_image(tmp_path / "data" / "cat.png", picture(12, 17))
    monkeypatch.chdir(tmp_path)
    lines = block(README, "python")
    assert len([line for line in lines.splitlines() if line]) <= 6 and "grades=4" in lines
    exec(lines.replace("grades=4", "grades=4, steps=2"), {})
    drawn = inr.load_image(tmp_path / "big.png")
    assert (drawn.width, drawn.height, len(inr.load_model(tmp_path / "cat.inr").grades)) == (1353, 900, 4)


def sections(page: Path) -> dict[str, str]:
    """The text of a page by its headings of the second level."""
    _, *parts = re.split(r"^## ", prose(page), flags=re.M)
    return {part.partition("\n")[0].strip("`"): part for part in parts}


def rows(section: str) -> list[list[str]]:
    """The cells of the table rows that begin with an option."""
    lines = re.findall(r"^\| (`-.*) \|$", section, flags=re.M)
    return [re.split(r" *(?<!\\)\| *", line) for line in lines]


def flags(cell: str) -> list[str]:
    return re.findall(r"(?<![\w-])--?[a-z][\w-]*", cell)


def described(command: str) -> dict[str, list[str]]:
    """Each flag of a command, by the reference, with the cells of its row."""
    parts = sections(REFERENCE)
    shared = [
        row for row in rows(parts["Options of several commands"]) if row[1] == "all" or command in row[1].split(", ")
    ]
    own = rows(parts["inr fit"]) if command == "batch" else []  # of which it says that it has them all
    return {flag: row for row in (*shared, *own, *rows(parts[f"inr {command}"])) for flag in flags(row[0])}


def test_the_reference_describes_every_command():
    assert {f"inr {name}" for name in COMMANDS} == {name for name in sections(REFERENCE) if name.startswith("inr ")}


def helped(command: str) -> dict[str, str]:
    """What `--help` says of each option, without the range of its numbers, by its flags."""
    text = CliRunner().invoke(app, [command, "--help"]).stdout
    entries = re.findall(r"^  (-.*(?:\n {6,}.*)*)", text, flags=re.M)
    plain = [re.sub(r"(?:[\d.]+<=)?x(?:<=|>=)[\d.]+", "", " ".join(entry.split())) for entry in entries]
    return {re.match(r"(?:(?:, | / )?--?[a-z][\w-]*)+", entry)[0]: entry for entry in plain}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_has_the_options_of_the_help(command):
    options, found = helped(command), described(command)
    assert {flag for name in options for flag in flags(name)} == set(found)
    for name, text in options.items():
        for flag in flags(name):
            row = found[flag]
            assert set(flags(row[0])) == set(flags(name)), f"{row[0]}: the help says {name}"
        for choices in re.findall(r"[<\[]([\w-]+(?:\|[\w-]+)+)[>\]]", text):
            for choice in choices.split("|"):
                assert f"`{choice}`" in " ".join(row), f"{name} accepts {choice}"
        for number in re.findall(r"\d+(?:\.\d+)?", text):
            assert number in " ".join(row), f"the help of {name} says {number}"
        for default in re.findall(r"\[default: ([\w.=,-]+)", text):
            assert default.rstrip(",") in row[-2], f"{name} is {default} by default"


def test_the_reference_shows_the_methods_as_they_are():
    assert f"$ inr methods\n{CliRunner().invoke(app, ['methods']).stdout}```" in REFERENCE.read_text()


def test_the_map_names_every_file_of_the_library():
    tree = re.search(r"^## Files\n\n```\n(.*?)^```", MAP.read_text(), flags=re.M | re.S)[1]
    listed, folders = [], []
    for indent, name in re.findall(r"^( *)(\S+) ", tree, flags=re.M):
        folders[len(indent) // 2 :] = [name]
        if name.endswith(".py"):
            listed.append("".join(folders))
    files = [path.relative_to(MAP.parent).as_posix() for path in MAP.parent.rglob("*.py") if path.name != "__init__.py"]
    assert sorted(listed) == sorted(files)


def test_the_file_taken_apart_is_the_golden_file():
    data, lines = b"", block(FORMAT, "hex").splitlines()
    for line in lines:
        offset, values = re.match(r"([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)(?:  |$)", line).groups()
        assert int(offset, 16) == len(data), line
        data += bytes.fromhex(values)
    assert data == GOLDEN.read_bytes()


def test_the_header_inflates_with_the_dictionary_that_is_printed():
    dictionary = block(FORMAT, "dictionary").replace("\n", "").encode()
    said = re.search(r"The dictionary is these (\d+) bytes", FORMAT.read_text())[1]
    data = GOLDEN.read_bytes()
    header = data[12 : 12 + int.from_bytes(data[6:8], "little")]
    assert len(dictionary) == int(said)
    assert zlib.decompressobj(-15, zdict=dictionary).decompress(header).decode() == block(FORMAT, "json").strip()
    assert json.loads(block(FORMAT, "json"))["width"] == 5


def test_the_table_of_passes_is_that_of_the_entropy_model():
    table = [[int(cell) for cell in line.split()[-4:]] for line in block(FORMAT, "passes").splitlines()[-4:]]
    for number, (stride, top, left) in enumerate(PASSES):
        for y in range(top, 4, stride):
            for x in range(left, 4, stride):
                assert table[y][x] == number
