"""A rule is asked only where it can find something: what its index says leaves nothing out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from shared_data import ROOT, corpus_files, corpus_id, needs_shared

from protofix.files import FileError
from protofix.linting.checking import Question, context_of
from protofix.net.data_files import DataFiles
from protofix.rulebook.context import Context, Target
from protofix.rulebook.registry import NAMES, RULES
from protofix.textproto.source import NotTextError, Source

FIXTURES = sorted((ROOT / "fixtures").rglob("*.prototxt"))
ASKED = [rule for rule in RULES if rule.wants != "anything" or rule.types]
TARGETS: tuple[Target, ...] = ("fused", "legacy")


def idle_ones_that_find(path: Path) -> list[str]:
    """The codes of rules that have nothing to do in a file, and find something all the same."""
    try:
        context = context_of(Source.from_bytes(path.read_bytes(), str(path)), Question())
    except (FileError, NotTextError):
        return []
    contexts = [replace(context, target=target, files=DataFiles(path)) for target in TARGETS]
    return [
        rule.code
        for one in contexts
        for rule in ASKED
        if not rule.last and not rule.has_work(one) and list(rule.findings(one))
    ]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_rule_is_left_out_that_would_find_something(path: Path) -> None:
    assert idle_ones_that_find(path) == []


@needs_shared
@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_nor_in_public_files(path: Path) -> None:
    assert idle_ones_that_find(path) == []


def test_a_small_net_has_work_for_few() -> None:
    context = Context(
        context_of(Source("layer { type: 'ReLU' bottom: 'x' top: 'x' }"), Question()).document
    )
    assert sum(rule.has_work(context) for rule in RULES) < len(NAMES) / 2
