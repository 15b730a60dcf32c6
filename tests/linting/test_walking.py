"""Which files are checked below a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from protofix.linting.walking import files_below


def tree(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


# The .gitignore files of a repository, and what is left of a.prototxt, b.prototxt, deep/a.prototxt
# and deep/down/a.prototxt.
IGNORES = {
    "none": ({}, "a b deep/a deep/down/a"),
    "a name": ({".gitignore": "a.prototxt"}, "b"),
    "a name at the top": ({".gitignore": "/a.prototxt"}, "b deep/a deep/down/a"),
    "a folder": ({".gitignore": "deep/"}, "a b"),
    "all but one": ({".gitignore": "*.prototxt\n!b.prototxt"}, "b"),
    "a nearer file takes it back": (
        {".gitignore": "a.prototxt", "deep/.gitignore": "!a.prototxt"},
        "b deep/a deep/down/a",
    ),
    "a nearer file adds to it": (
        {".gitignore": "b.prototxt", "deep/.gitignore": "down/"},
        "a deep/a",
    ),
    "a path": ({".gitignore": "deep/down/*.prototxt"}, "a b deep/a"),
    "two stars": ({".gitignore": "**/down"}, "a b deep/a"),
    "comments and blanks": ({".gitignore": "# a.prototxt\n\n"}, "a b deep/a deep/down/a"),
    "no text": ({".gitignore": "\udc80"}, "a b deep/a deep/down/a"),
}
FILES = ("a.prototxt", "b.prototxt", "deep/a.prototxt", "deep/down/a.prototxt")


@pytest.mark.parametrize("case", IGNORES)
def test_what_git_ignores_is_passed_over(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignores, left = IGNORES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    tree(tmp_path, dict.fromkeys(FILES, ""))
    for name, content in ignores.items():
        (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    found = [path.removeprefix("./").removesuffix(".prototxt") for path in files_below(["."])]
    assert found == left.split()
    every = [path.removeprefix("./") for path in files_below(["."], heed_git=False)]
    assert every == list(FILES)


def test_a_gitignore_above_the_folder_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, {"repo/.git/x": "", "repo/.gitignore": "down", "repo/deep/down/a.prototxt": ""})
    tree(tmp_path, {".gitignore": "*", "repo/deep/b.prototxt": ""})
    assert list(files_below(["repo/deep"])) == ["repo/deep/b.prototxt"]


def test_what_is_named_is_checked_whatever_git_ignores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, {".git/x": "", ".gitignore": "*.prototxt", "a.prototxt": ""})
    assert list(files_below(["a.prototxt", "."])) == ["a.prototxt"]


def test_what_is_left_out_by_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, dict.fromkeys(FILES, ""))
    asked = []

    def left_out(path: str) -> bool:
        asked.append(path)
        return path.endswith(("deep/down/", "b.prototxt"))

    assert list(files_below(["."], left_out)) == ["./a.prototxt", "./deep/a.prototxt"]
    assert "./deep/down/a.prototxt" not in asked
