"""Edits on a text."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protofix.textproto.diffs import unified_diff
from protofix.textproto.edits import Edit, OverlapError, apply_edits
from protofix.textproto.literals import decode_string, encode_string, parse_float, parse_integer


def test_edits_apply_to_the_text_as_it_was() -> None:
    edits = [Edit(4, 7, "X"), Edit(0, 0, ">"), Edit(3, 4, "")]
    assert apply_edits("one two", edits) == ">oneX"


def test_edits_at_one_place_keep_their_order() -> None:
    assert apply_edits("ab", [Edit(1, 1, "1"), Edit(1, 1, "2")]) == "a12b"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(OverlapError, match="overlap at offset 2"):
        apply_edits("abcdef", [Edit(0, 3, ""), Edit(2, 4, "")])


def test_an_edit_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="outside a text of 2"):
        apply_edits("ab", [Edit(1, 3, "")])


def test_diff_keeps_carriage_returns_and_a_missing_last_line_feed() -> None:
    diff = unified_diff("a\r\nb", "a\r\nc", "net.prototxt")
    assert diff == (
        "--- a/net.prototxt\n+++ b/net.prototxt\n@@ -1,2 +1,2 @@\n a\r\n"
        "-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )


LINES = st.lists(st.sampled_from(["layer {\n", "}\n", "a\n", "b\n", "c"]), max_size=30).map(
    lambda lines: "".join(line.strip() + "\n" for line in lines)
)


@given(LINES, LINES)
def test_a_short_diff_is_difflibs(before: str, after: str) -> None:
    wanted = difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), "a/net", "b/net", n=3
    )
    assert unified_diff(before, after, "net") == "".join(wanted)


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_a_long_diff_is_one_that_patch_takes(tmp_path: Path) -> None:
    layer = 'layer {{\n  name: "{}"\n  type: "ReLU"\n}}\n'
    before = "".join(layer.format(n % 7) for n in range(2_000))
    after = before.replace('"3"\n', '"three"\n  # odd\n').replace("}\n", "}\n\n", 900)
    (tmp_path / "net").write_text(before)
    command = ["patch", "-p1"]
    diff = unified_diff(before, after, "net")
    subprocess.run(command, input=diff.encode(), cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "net").read_text() == after


NAMED = {
    "net": "net",
    "./net": "net",
    "sub/../net": "net",
    "{here}/sub/net": "sub/net",
    "../net": "../net",
    "/elsewhere/net": "elsewhere/net",
}


@pytest.mark.parametrize("path", NAMED)
def test_a_diff_names_a_file_from_the_working_folder(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = unified_diff("a", "b", path.format(here=tmp_path)).splitlines()
    assert lines[:2] == [f"--- a/{NAMED[path]}", f"+++ b/{NAMED[path]}"]


@given(st.text(), st.sampled_from("\"'"))
def test_strings_survive_encoding(value: str, quote: str) -> None:
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    assert decode_string(encode_string(value, quote)) == value


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (r'"\400"', "\0"),
        (r'"\x41\101\n"', "AA\n"),
        (r'"\u00e9\U0001F600"', "\u00e9\U0001f600"),
        (r'"\xff"', "\udcff"),
        (r'"\uD83D\uDE00 \U0000D83D\uDE00"', "\U0001f600 \U0001f600"),
        (r'"\U00110000"', "\\U00110000"),
    ],
)
def test_escapes(literal: str, value: str) -> None:
    assert decode_string(literal) == value


def test_numbers() -> None:
    assert [parse_integer(w) for w in ("0", "-0x1F", "010", "-7")] == [0, -31, 8, -7]
    assert [parse_float(w) for w in ("1.f", "-.5e-3", "INF", "1F", "true")] == [
        1.0, -0.0005, float("inf"), 1.0, None,
    ]  # fmt: skip
