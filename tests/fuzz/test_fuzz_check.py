"""No file and no configuration breaks `protofix check`, its fixes or its reports.

A minute or so; PROTOFIX_FUZZ_EXAMPLES=100000 tries so many files, for as long as that takes.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import configurations, mutants

from protofix.cli import main
from protofix.files import FileError
from protofix.linting.checking import Question, check_source
from protofix.linting.fixing import fix_source
from protofix.reports.findings import (
    as_json,
    concise,
    github,
    gitlab,
    junit,
    sarif,
    statistics,
    text,
)
from protofix.reports.findings.run import Run
from protofix.rulebook.context import Target
from protofix.rulebook.findings import Checked
from protofix.rulebook.registry import NAMES
from protofix.textproto.edits import apply_edits
from protofix.textproto.reader import read
from protofix.textproto.source import NotTextError, Source

pytestmark = pytest.mark.lengthy

EXAMPLES = int(os.environ.get("PROTOFIX_FUZZ_EXAMPLES", "250"))
fuzz = settings(
    max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None, database=None
)

EVERY_RULE = frozenset(NAMES)
TARGETS: tuple[Target, ...] = ("fused", "legacy")
dialects = st.sampled_from(("auto", "auto", "auto", "bvlc", "ssd", "segnet", "nvidia"))
targets = st.sampled_from(TARGETS)


def asked(dialect: str, target: Target) -> Question:
    """Every rule there is."""
    return Question(dialect, codes=EVERY_RULE, target=target)


def checked(data: bytes, question: Question) -> Checked | None:
    """What is found; None for what is no text."""
    try:
        return check_source(Source.from_bytes(data, "net.prototxt"), question)
    except (FileError, NotTextError):
        return None


@fuzz
@given(mutants(), dialects, targets)
def test_no_rule_breaks_down(data: bytes, dialect: str, target: Target) -> None:
    one = checked(data, asked(dialect, target))
    if one is None:
        return
    assert one.failures == ()
    assert one.source.to_bytes() == data
    size = len(one.source.text)
    places = [finding.place for finding in one.findings]
    assert places == sorted(set(places))
    for finding in one.findings:
        assert 0 <= finding.start <= finding.end <= size, finding
        assert finding.message and "\n" not in finding.message, finding
        if finding.fix is not None:
            after = apply_edits(one.source.text, finding.fix.edits)
            assert after != one.source.text, finding
    again = check_source(Source(one.source.text, "net.prototxt"), asked(dialect, target))
    assert again.findings == one.findings


@fuzz
@given(mutants(), dialects, targets, st.booleans())
def test_fixes_settle(data: bytes, dialect: str, target: Target, unsafe: bool) -> None:
    try:
        source = Source.from_bytes(data, "net.prototxt")
        fixed = fix_source(source, asked(dialect, target), unsafe)
    except (FileError, NotTextError):
        return
    assert fixed.failures == ()
    assert fixed.left.failures == ()
    assert bool(fixed.mended) or fixed.after.text == source.text
    left = [it for it in fixed.left.findings if it.fix and (unsafe or it.fix.safe)]
    # In a text with mistakes what makes more of them is left out.
    assert left == [] or read(fixed.left.source).diagnoses


@fuzz
@given(mutants(), dialects, targets)
def test_no_report_breaks_down(data: bytes, dialect: str, target: Target) -> None:
    one = checked(data, asked(dialect, target))
    if one is None:
        return
    run = Run((one,))
    count = len(one.findings)
    assert len(json.loads(as_json.report(run))) == count
    assert len(json.loads(sarif.report(run))["runs"][0]["results"]) == count
    assert len({it["fingerprint"] for it in json.loads(gitlab.report(run))}) == count
    assert len(github.report(run).splitlines()) == count
    ElementTree.fromstring(junit.report(run).encode())
    assert len(list(concise.lines(one))) == count
    for width in (20, 80, None):
        assert not any("\n" in part for line in text.lines(one, width) for part, _ in line)
    assert len(list(statistics.lines([one]))) == len({it.code for it in one.findings})


@contextmanager
def folder() -> Iterator[Path]:
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


@settings(fuzz, max_examples=max(EXAMPLES // 2, 1))
@given(configurations())
def test_no_configuration_breaks_it(configuration: tuple[str, bytes]) -> None:
    name, content = configuration
    out, err = io.StringIO(), io.StringIO()
    with folder() as here, redirect_stdout(out), redirect_stderr(err):
        (here / "net.prototxt").write_text("layer { type: 'Input' top: 'x' nmae: 'y' }\n")
        (here / name).write_bytes(content)
        code = main(["check", "--format", "concise", "net.prototxt"])
    said = err.getvalue()
    assert "internal error" not in said and "Traceback" not in said
    if code == 2:
        assert said.count("\n") == 1 and said.startswith("protofix: "), said
    else:
        assert code in (0, 1), (code, said, sys.version)
