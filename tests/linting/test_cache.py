"""Results remembered from one run to the next: when they are believed, and when not."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from cached_runs import TYPO, Runs
from made_rules import made
from shared_data import ROOT

from protofix.linting import cache as cache_module
from protofix.linting.cache import key_of
from protofix.linting.checking import EVERYTHING, Question
from protofix.linting.store import FILE
from protofix.net.states import AskedState
from protofix.rulebook.context import Context, Preferences
from protofix.rulebook.findings import Checked, Hit
from protofix.rulebook.registry import RULES


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs.of_nine(tmp_path, monkeypatch)


def test_what_has_not_changed_is_not_checked_again(runs: Runs) -> None:
    first = runs()
    assert len(runs.worked_out) == 9
    assert runs() == first
    assert not runs.worked_out
    assert runs(cached=False) == first
    [typo] = first[-1]
    assert isinstance(typo, Checked) and [it.code for it in typo.findings] == ["PF301"]
    assert typo.source.text == TYPO and typo.findings[0].fix is not None


def test_a_changed_file_alone_is_checked_again(runs: Runs) -> None:
    runs()
    (runs.folder / "net3.prototxt").write_text(TYPO)
    [changed] = runs()[3]
    assert isinstance(changed, Checked) and changed.findings
    assert runs.worked_out == ["net3.prototxt"]


def test_few_files_do_not_open_the_cache(runs: Runs) -> None:
    runs([f"net{number}.prototxt" for number in range(7)])
    assert not runs.cache.exists()


def test_the_folder_tells_git_and_backups_to_pass_over_it(runs: Runs) -> None:
    runs()
    assert (runs.cache / ".gitignore").read_text().splitlines()[-1] == "*"
    assert (runs.cache / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f")


def test_a_folder_that_was_there_is_given_no_gitignore(runs: Runs) -> None:
    runs.cache.mkdir()
    runs()
    assert [it.name for it in runs.cache.iterdir()] == [FILE]


OTHER_QUESTIONS = {
    "dialect": Question(dialect="ssd"),
    "schema": Question(schema=ROOT / "caffe_proto" / "caffe.desc"),
    "codes": Question(codes=frozenset({"PF301"})),
    "target": Question(target="legacy"),
    "asked": Question(asked=(AskedState("TEST"),)),
    "stage": Question(asked=(AskedState("TEST", stages=frozenset({"deploy"})),)),
    "given": Question(given={"data": (1, 3)}),
    "other shape": Question(given={"data": (1, None)}),
    "indent": Question(preferences=Preferences(indent=4)),
    "quotes": Question(preferences=Preferences(quotes="single")),
}


@pytest.mark.parametrize("field", [it.name for it in fields(Question)])
def test_each_field_of_a_question_makes_another(field: str) -> None:
    usual = getattr(EVERYTHING, field)
    others = [it for it in OTHER_QUESTIONS.values() if getattr(it, field) != usual]
    assert others, "give one in OTHER_QUESTIONS"
    keys = {key_of("net", b"", it, "") for it in (EVERYTHING, *others)}
    assert None not in keys and len(keys) == 1 + len(others)


@pytest.mark.parametrize("other", OTHER_QUESTIONS)
def test_another_question_has_another_answer(other: str, runs: Runs) -> None:
    runs()
    question = OTHER_QUESTIONS[other]
    assert runs(question=question) == runs(question=question, cached=False)
    assert len(runs.worked_out) == 9
    runs(question=question)
    assert not runs.worked_out


def test_blobs_are_remembered_for_the_shapes_that_are_given(runs: Runs) -> None:
    question = OTHER_QUESTIONS["given"]
    runs(question=question)
    [first] = runs(question=question)[0]
    assert isinstance(first, Checked) and sorted(first.blobs or ()) == ["data", "fc"]


def test_a_changed_schema_is_another_question(runs: Runs) -> None:
    schema = runs.folder / "own.desc"
    shutil.copy(ROOT / "caffe_proto" / "caffe.desc", schema)
    keys = [key_of("net", b"", Question(schema=schema), "")]
    schema.write_bytes(schema.read_bytes() + b"\n")
    keys.append(key_of("net", b"", Question(schema=schema), ""))
    schema.write_bytes(b'syntax = "proto2"; import "caffe.proto";')
    assert None not in keys and keys[0] != keys[1]
    assert key_of("net", b"", Question(schema=schema), "") is None


def test_the_name_and_the_working_folder_count(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of("train.prototxt", b"", EVERYTHING, "")
    assert key != key_of("deploy.prototxt", b"", EVERYTHING, "")
    (runs.folder / "within").mkdir()
    monkeypatch.chdir("within")
    assert key != key_of("train.prototxt", b"", EVERYTHING, "")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the working folder")
def test_without_a_working_folder_files_are_checked(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs.folder / "net7.prototxt").write_text('net: "other/net.prototxt" base_lr: 0.1')
    (runs.folder / "within").mkdir()
    monkeypatch.chdir("within")
    (runs.folder / "within").rmdir()
    paths = sorted(str(it) for it in runs.folder.glob("*.prototxt"))
    answers = runs(paths)
    assert [len(it) for it in answers] == [1] * 9
    assert all(isinstance(it, Checked) and not it.failures for [it] in answers)
    runs(paths)
    assert len(runs.worked_out) == 9


def test_a_rule_that_is_edited_gives_its_own_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = tmp_path / "protofix" / "rules" / "old.py"
    rule.parent.mkdir(parents=True)
    rule.write_text("1")
    (tmp_path / "protofix" / "linting").mkdir()
    monkeypatch.setattr(cache_module, "__file__", str(tmp_path / "protofix/linting/cache.py"))
    before = cache_module._stamp()
    assert cache_module._stamp() == before
    rule.write_text("12")
    after = cache_module._stamp()
    (tmp_path / "protofix" / "rules" / "new.py").write_text("")
    assert len({before, after, cache_module._stamp()}) == 3


def test_protofix_installed_anew_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another place, at another time; what Python compiles of it does not count."""
    stamps = set()
    for time, place in enumerate(("first", "second")):
        rule = tmp_path / place / "protofix" / "rules" / "old.py"
        rule.parent.mkdir(parents=True)
        rule.write_text("1")
        os.utime(rule, ns=(time, time))
        libraries = tmp_path / place / "site-packages"
        libraries.mkdir()
        own = str(tmp_path / place / "protofix" / "linting" / "cache.py")
        with monkeypatch.context() as patched:
            patched.setattr(cache_module, "__file__", own)
            patched.setattr(sys, "path", [str(libraries)])
            stamps.add(cache_module._stamp())
            for folder in (rule.parent, libraries):
                (folder / "__pycache__").mkdir()
            stamps.add(cache_module._stamp())
    assert len(stamps) == 1


def test_a_library_that_is_installed_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    before = cache_module._stamp()
    (folder / "h5py-3.0.dist-info").mkdir()
    after = cache_module._stamp()
    (folder / "h5py-3.0.dist-info").rename(folder / "h5py-3.1.dist-info")
    assert len({before, after, cache_module._stamp()}) == 3


def test_a_result_that_failed_is_not_remembered(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(context: Context) -> Iterator[Hit]:
        raise RuntimeError("broken")

    rules = tuple(made(it, breaks) if it.code == "PF301" else it for it in RULES)
    (runs.folder / "empty.prototxt").write_text("")
    with monkeypatch.context() as patched:
        patched.setattr("protofix.rulebook.registry.RULES", rules)
        runs()
    runs()
    assert len(runs.worked_out) == 10
    runs()
    assert runs.worked_out == ["empty.prototxt"]


LACKING = {"SQLite's library": "_sqlite3", "its module": "sqlite3"}


@pytest.mark.parametrize("case", LACKING)
def test_a_python_without_sqlite_remembers_nothing(
    case: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(LACKING[case], monkeypatch)
    assert len(runs()) == 9
    assert not runs.cache.exists()


def test_a_module_of_ours_that_is_not_there_is_no_lack_of_sqlite(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose("protofix.linting.verdicts", monkeypatch)
    with pytest.raises(ImportError, match="verdicts"):
        runs()


def lose(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a module be none that can be imported, and the cache be imported anew."""
    for name in ("sqlite3", "protofix.linting.store", "protofix.linting.cache"):
        for loaded in [it for it in sys.modules if it == name or it.startswith(f"{name}.")]:
            monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
