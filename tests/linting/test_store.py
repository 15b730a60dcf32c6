"""The values that the cache keeps: for several processes, so many, and whatever is in their way."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from protofix.linting import store
from protofix.linting.store import FILE, Entry, Store
from protofix.linting.verdicts import believed

ENTRY = Entry("key", b"value")


def kept(folder: Path, *keys: str) -> list[bytes | None]:
    return list(Store(folder).get(keys))


def test_values_are_kept_by_their_keys(tmp_path: Path) -> None:
    folder = tmp_path / "of" / "it"
    assert kept(folder, "key") == [None]
    assert not folder.exists()
    Store(folder).put([ENTRY, Entry("other", b"1")])
    Store(folder).put([Entry("other", b"2")])
    assert list(Store(folder).get(["other", None, "key", "none"])) == [b"2", None, b"value", None]


def test_the_oldest_of_too_many_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_MOST", 30)
    Store(tmp_path).put([Entry("a", b"x" * 10), Entry("b", b"x" * 10)])
    Store(tmp_path).put([Entry("c", b"x" * 15)])
    assert [it is not None for it in kept(tmp_path, "a", "b", "c")] == [False, True, True]


def test_a_file_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_MOST", 50_000)
    sizes = []
    for number in range(20):
        Store(tmp_path).put([Entry(f"{number}", os.urandom(20_000))])
        sizes.append((tmp_path / FILE).stat().st_size)
    assert max(sizes) == sizes[-1] < 130_000


def test_several_write_at_once(tmp_path: Path) -> None:
    def put(number: int) -> None:
        Store(tmp_path).put([Entry(f"{number}", b"value")])

    put(0)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(1, 12)))
    assert kept(tmp_path, *map(str, range(12))) == [b"value"] * 12


def _garbage(folder: Path) -> None:
    (folder / FILE).write_bytes(b"this is no database" * 500)


def _cut_short(folder: Path) -> None:
    Store(folder).put([Entry(f"{number}", os.urandom(3000)) for number in range(40)])
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[: len(content) // 2])


def _damaged(folder: Path) -> None:
    Store(folder).put([Entry(f"{number}", os.urandom(3000)) for number in range(40)])
    content = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(content[:100] + b"\xff" * 20_000 + content[20_100:])


def _empty(folder: Path) -> None:
    (folder / FILE).write_bytes(b"")


REPLACED: dict[str, Callable[[Path], None]] = {
    "garbage": _garbage,
    "cut short": _cut_short,
    "damaged": _damaged,
    "empty": _empty,
}


@pytest.mark.parametrize("case", REPLACED)
def test_a_broken_file_makes_room(case: str, tmp_path: Path) -> None:
    REPLACED[case](tmp_path)
    assert kept(tmp_path, "key") == [None]
    Store(tmp_path).put([ENTRY])
    assert kept(tmp_path, "key") == [b"value"]


def _other_layout(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE)) as database:
        database.execute("CREATE TABLE results (anything)")


def _folder_in_its_place(folder: Path) -> None:
    (folder / FILE).mkdir()


def _unwritable(folder: Path) -> None:
    folder.rmdir()
    folder.write_bytes(b"a file where the folder would be")


IN_THE_WAY: dict[str, Callable[[Path], None]] = {
    "another layout": _other_layout,
    "a folder": _folder_in_its_place,
    "a file for its folder": _unwritable,
}


@pytest.mark.parametrize("case", IN_THE_WAY)
def test_without_a_place_nothing_is_kept(case: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    IN_THE_WAY[case](folder)
    Store(folder).put([ENTRY])
    assert kept(folder, "key") == [None]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    Store(tmp_path).put([ENTRY])
    for path in (tmp_path / FILE, tmp_path):
        path.chmod(0o555)
    Store(tmp_path).put([Entry("other", b"")])
    assert kept(tmp_path, "key", "other") == [b"value", None]
    tmp_path.chmod(0o755)


def test_a_database_that_another_keeps_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_PATIENCE", 0.01)
    Store(tmp_path).put([ENTRY])
    with closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert kept(tmp_path, "key") == [None]
        Store(tmp_path).put([Entry("other", b"")])
    assert kept(tmp_path, "key", "other") == [b"value", None]


VERDICTS = [b"", b"no JSON", b"x\x9c\x03\x00", b'{"looks": 3}']


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_that_is_none_is_not_believed(verdict: bytes) -> None:
    assert believed(verdict, lambda path: "") is None
