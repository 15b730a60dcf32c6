"""Where the files are that a prototxt names."""

from __future__ import annotations

from pathlib import Path

import pytest

from protofix.net.paths import find_file

FOUND = {
    "here.txt": "here.txt",  # from the working folder
    "beside.txt": "root/models/a/beside.txt",
    "data/above.txt": "root/data/above.txt",
    "absent.txt": None,
    "": None,
    "a\0b": None,
    "x" * 5000: None,
    "data": None,  # a bare name, further up
    "../a": "root/models/a",
}


@pytest.mark.parametrize("name", FOUND, ids=lambda name: repr(name[:20]))
def test_where_a_file_is_looked_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("root/models/a/beside.txt", "root/data/above.txt", "here.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    expected = FOUND[name]
    found = find_file(name, "root/models/a/net.prototxt")
    assert found is None if expected is None else found is not None
    assert found is None or found.resolve() == (tmp_path / str(expected)).resolve()


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("x")
    assert find_file(str(tmp_path / "list.txt"), "/elsewhere/net.prototxt") == tmp_path / "list.txt"
    assert find_file("/list.txt", tmp_path / "net.prototxt") is None
