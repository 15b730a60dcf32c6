"""Rules, and what they learn of a net, look at the disk in ways that are written down."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from shared_data import ROOT

# Unlike what opens or lists something, these cannot be heard (test_cache_looks.py).
UNHEARD = {
    *("exists", "is_dir", "is_file", "is_symlink", "lstat", "stat"),
    *("access", "getmtime", "getsize", "isdir", "isfile", "islink", "lexists"),
}
FILES = sorted(
    path for room in ("rules", "net", "rulebook") for path in ROOT.glob(f"protofix/{room}/**/*.py")
)
# The schema of one's own is part of the question, and the key of what is remembered.
ELSEWHERE = {"protofix/net/dialects.py": {"stat"}}


def unheard(text: str) -> set[str]:
    """The names of looks that leave no trace, as attributes or imported from `os`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "os.path", "posixpath"):
            found |= {alias.name for alias in node.names}
    return found & UNHEARD


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_whether_something_is_there_is_asked_of_looking_alone(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    assert unheard(path.read_text(encoding="utf-8")) == ELSEWHERE.get(name, set())


@pytest.mark.parametrize(
    "text",
    [
        "Path(name).exists()",
        "os.path.isfile(name)",
        "(folder / name).is_dir()",
        "looks = map(os.path.exists, names)",
        "from os.path import exists",
    ],
)
def test_such_looks_are_seen(text: str) -> None:
    assert unheard(text)


def test_looking_itself_may_be_asked() -> None:
    assert not unheard("from protofix.looking import exists\nexists(name)")
