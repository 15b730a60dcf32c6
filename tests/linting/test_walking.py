"""Which files are checked below a folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protofix.linting.walking import Bare, files_below, walk


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
    "no text": ({".gitignore": "\udc80\nb.*"}, "a deep/a deep/down/a"),
    "a mark of UTF-8": ({".gitignore": "\ufeffb.prototxt"}, "a deep/a deep/down/a"),
    "what is no pattern": ({".gitignore": "!\nb.prototxt"}, "a deep/a deep/down/a"),
    "all but a kind of file": (
        {".gitignore": "*\n!*/\n!*.prototxt", "deep/.gitignore": "b.prototxt\ndown"},
        "a b deep/a",
    ),
    "a folder in spite of all": ({".gitignore": "*\n!deep/\n!/deep/*.prototxt"}, "deep/a"),
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
    every = [path.removeprefix("./") for path in walk(["."], heed_git=False).files]
    assert every == list(FILES)


NAMES = ["a", "b", "deep", "x y", "m.d"]
PARTS = [*NAMES, "*", "**", "?", "[ab]", "m*", "*.prototxt", "a.prototxt"]
LINES = st.builds(
    lambda mark, top, parts, end: mark + top + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "  "]),
)
FOLDERS = [".", "a", "deep", "x y", "a/deep", "a/b", "deep/m.d", "deep/m.d/a", "a/b/deep"]


@pytest.mark.skipif(shutil.which("git") is None, reason="Git is asked what it ignores")
@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(FOLDERS), st.lists(LINES, min_size=1, max_size=4)))
def test_git_passes_over_the_same(ignores: dict[str, list[str]]) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        here = Path(name)
        patch.chdir(here)
        for variable in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
            patch.delenv(variable, raising=False)
        tree(here, {f"{folder}/{it}.prototxt": "" for folder in FOLDERS for it in "ab"})
        tree(here, {f"{it}/.gitignore": "\n".join(lines) for it, lines in ignores.items()})
        subprocess.run(["git", "init", "--quiet"], check=True)
        asked = ["git", "ls-files", "--others", "-z", "--exclude-per-directory=.gitignore"]
        said = subprocess.run([*asked, "*.prototxt"], check=True, capture_output=True, text=True)
        kept = sorted(said.stdout.split("\0")[:-1])
        assert sorted(it.removeprefix("./") for it in files_below(["."])) == kept


def test_a_gitignore_above_the_folder_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, {"repo/.git/x": "", "repo/.gitignore": "down", "repo/deep/down/a.prototxt": ""})
    tree(tmp_path, {".gitignore": "*", "repo/deep/b.prototxt": ""})
    assert files_below(["repo/deep"]) == ["repo/deep/b.prototxt"]


def test_what_is_named_is_checked_whatever_git_ignores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, {".git/x": "", ".gitignore": "*.prototxt", "a.prototxt": ""})
    assert files_below(["a.prototxt", "."]) == ["a.prototxt"]


def test_what_is_left_out_by_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, dict.fromkeys(FILES, ""))
    asked = []

    def left_out(path: str) -> bool:
        asked.append(path)
        return path.endswith(("deep/down/", "b.prototxt"))

    assert walk(["."], left_out).files == ["./a.prototxt", "./deep/a.prototxt"]
    assert "./deep/down/a.prototxt" not in asked


# The .gitignore files of a repository, and what is checked of it when its folder "deep" is named.
MEANT = {
    "its name": ({".gitignore": "deep/"}, "deep/a deep/down/a"),
    "a folder that is within it": ({".gitignore": "deep\n**/down"}, "deep/a"),
    "everything": ({".gitignore": "*"}, ""),
    "everything in it": ({".gitignore": "deep/*"}, ""),
    "all files of a kind": ({".gitignore": "*.prototxt"}, ""),
    "all files of a kind, and it": ({".gitignore": "*.prototxt\ndeep"}, ""),
    "two stars": ({".gitignore": "deep/**"}, ""),
    "everything, in it": ({"deep/.gitignore": "*"}, ""),
    "all but it and a kind of file": ({".gitignore": "*\n!*/\n!*.md"}, ""),
}


@pytest.mark.parametrize("case", MEANT)
@pytest.mark.parametrize("named", ["deep", "deep/", "./deep", "{above}/deep"])
def test_a_folder_that_is_named_is_meant(
    case: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignores, left = MEANT[case]
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, dict.fromkeys(FILES, "") | {".git/x": ""} | ignores)
    folder = named.format(above=tmp_path)
    walked = walk([folder])
    found = [str((tmp_path / it).relative_to(tmp_path)) for it in walked.files]
    assert found == [f"{it}.prototxt" for it in left.split()]
    assert walked.bare == ([] if left else [Bare(folder, 2, 0)])


def test_a_folder_below_one_that_git_ignores_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, dict.fromkeys(FILES, "") | {".git/x": "", ".gitignore": "/deep"})
    assert files_below(["deep/down"]) == ["deep/down/a.prototxt"]
    monkeypatch.chdir(tmp_path / "deep" / "down")
    assert files_below(["."]) == ["./a.prototxt"]
    assert files_below([".."]) == ["../a.prototxt", "../down/a.prototxt"]


def test_a_folder_without_a_file_is_told_apart_from_one_whose_files_were_named_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, {"some/a.prototxt": "", "none/a.txt": "", "none/.hidden/a.prototxt": ""})
    tree(tmp_path, {"out/a.prototxt": "", "out/b.prototxt": "", "out/.gitignore": "a.*"})
    tree(tmp_path, {".git/x": ""})

    def left_out(path: str) -> bool:
        return path == "out/b.prototxt"

    walked = walk(["some/a.prototxt", "some", "none", "none", "out"], left_out)
    assert walked.files == ["some/a.prototxt"]
    assert walked.bare == [Bare("none", 0, 0), Bare("out", 1, 1)]
