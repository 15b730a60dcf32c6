"""Each room of the table in CONTRIBUTING.md imports only from those above it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from shared_data import ROOT

MODULES = sorted(
    path for room in ("caffe_proto", "protofix") for path in ROOT.glob(f"{room}/**/*.py")
)
# The version, and the door to the library; what it opens is imported when it is asked for.
DOORS = ("protofix/__init__.py", "protofix/__main__.py")


@cache
def rooms() -> list[list[str]]:
    """The places of each room, a row of the table after the other."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    places = [re.findall(r"`([^`]+)`", row) for row in rows]
    roots = ("caffe_proto/", "protofix/")
    return [[it if it.startswith(roots) else f"protofix/{it}" for it in row] for row in places]


def floor_of(module: str) -> int:
    """The number of the room that a file, or a folder, is in."""
    [floor] = [
        number
        for number, places in enumerate(rooms())
        if any(f"{module}/".startswith(it) or module == it for it in places)
    ]
    return floor


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports when it runs, at once or later."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imported(node)


def files_of(names: Iterator[str]) -> set[str]:
    """The files, or folders, of those modules that are our own."""
    found = set()
    for name in names:
        place = Path(name.replace(".", "/"))
        for it in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if (ROOT / it).is_file():
                found.add(it.as_posix())
    return found - set(DOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_room_imports_from_those_above_it(path: Path) -> None:
    own = path.relative_to(ROOT).as_posix()
    if own in DOORS:
        return
    files = files_of(imported(ast.parse(path.read_text(encoding="utf-8"))))
    assert sorted(it for it in files if floor_of(it) > floor_of(own)) == []


def test_every_place_of_the_table_is_there() -> None:
    assert [it for places in rooms() for it in places if not (ROOT / it).exists()] == []


def test_what_only_types_need_is_no_import() -> None:
    text = "if TYPE_CHECKING:\n    import a\ndef f():\n    from b import c\n    import d.e"
    assert [*imported(ast.parse(text))] == ["b", "b.c", "d.e"]
