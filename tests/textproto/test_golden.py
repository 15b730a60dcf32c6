"""The reader and the schema check against what protobuf's C++ parser said of 197 snippets."""

from __future__ import annotations

from typing import Any

import pytest
from shared_data import golden, needs_shared

import protofix
from caffe_proto import base_schema
from protofix.net.binding import Misfit, find_misfits
from protofix.textproto.reader import read
from protofix.textproto.source import Position, Source
from protofix.textproto.tree import Diagnosis

CASES = golden("textformat/cases.json")
REJECTED = [case for case in CASES if not case["accept"]]

# Where the C++ parser points into the token, and protofix at its start.
INSIDE_THE_TOKEN = {
    # It says where in the literal it gave up; the diagnosis names that column in words.
    'name: "bad \\q escape"': Position(1, 7),
    'name: "bad \\x escape"': Position(1, 7),
    'name: "nul\0in"': Position(1, 7),
    # It stops at the digit that is not octal.
    "input_dim: 08": Position(1, 12),
    # It goes on inside the second point of a number that is wrong as a whole.
    'layer { name: "a" type: "Convolution" loss_weight: 1.5.2 }': Position(1, 52),
    # It names the `]` of an extension's name, which begins at the `[`.
    "[ext.name]: 1": Position(1, 1),
    "[ext.name] { }": Position(1, 1),
}


def diagnose(text: str) -> list[Diagnosis | Misfit]:
    document = read(Source(text))
    found = find_misfits(document, base_schema(), "NetParameter")
    return sorted([*document.diagnoses, *found], key=lambda it: (it.start, it.end, it.kind))


@needs_shared
@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["input"])[:60])
def test_same_verdict(case: dict[str, Any]) -> None:
    assert (not diagnose(case["input"])) == case["accept"]


@needs_shared
@pytest.mark.parametrize("case", REJECTED, ids=lambda case: repr(case["input"])[:60])
def test_first_diagnosis_is_at_the_start_of_the_token(case: dict[str, Any]) -> None:
    text = case["input"]
    first = diagnose(text)[0]
    found = protofix.check(text, dialect="bvlc")
    # What is said of the layer as Caffe builds it is another matter.
    assert next(it.start for it in found if it.code < "PF2") == first.start
    source = Source(text)
    line, column = map(int, case["errors"][0].split(":")[:2])
    start, end = source.position(first.start), source.position(first.end)
    if text in INSIDE_THE_TOKEN:
        assert start == INSIDE_THE_TOKEN[text]
        return
    assert start.line == line
    # It names the token's start or, when it has read on before it judges, the next token's.
    read = text.split("\n")[line - 1]
    token_end = end.column if end.line == line else len(read) + 1
    between = read[token_end - 1 : column - 1]
    assert column == start.column or (column >= token_end and not between.strip())
