"""Blanks within a line that are missing or too many: `name:value`, `name : value`, `name{`.

A colon stands at its name and a blank before its value; so it is with the commas of a list. A
blank stands before and behind the braces of a message, and between two fields on a line and
before a comment, where more of them may make a table.

Wrong:

    layer{ name:"conv1" type : "Convolution" bottom:  "data" top: "conv1"}# the first

Right:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" } # the first
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from protofix.rulebook.style import Spot, blanks_shown, in_runs, on_lines
from protofix.textproto.edits import Edit
from protofix.textproto.literals import clip
from protofix.textproto.tokens import CLOSERS, OPENERS, Token, by_line, tokens_of

CODE = "PF807"
NAME = "spacing"
SEVERITY = "info"
ON = False

_MESSAGES = OPENERS - {"LSQUARE"}
_ENDS = CLOSERS - {"RSQUARE"}
_SEPARATORS = ("COMMA", "SEMICOLON")


class _Wanted(NamedTuple):
    """The blanks that belong between two tokens of a line, and whether there may be more."""

    blanks: str
    or_more: bool


_NONE = _Wanted("", False)
_ONE = _Wanted(" ", False)
_SOME = _Wanted(" ", True)
_ANY = _Wanted("", True)


@by_line
def _on_line(line: str) -> tuple[Spot | None, ...]:
    return tuple(_between(line))


def _between(line: str) -> Iterator[Spot | None]:
    for one, other in pairwise(tokens_of(line)):
        wanted = _wanted(one, other)
        blanks = line[one.end : other.start]
        enough = wanted.or_more and len(blanks) >= len(wanted.blanks)
        if blanks != wanted.blanks and not enough:
            yield _spot(line, one, other, wanted.blanks)
        elif not wanted.or_more:
            yield None


def _wanted(one: Token, other: Token) -> _Wanted:
    if other.kind == "COMMENT":
        return _SOME
    if other.kind == "COLON" or other.kind in _SEPARATORS:
        return _NONE
    if one.kind == "COLON" or (one.kind == "NAME" and other.kind in _MESSAGES):
        return _ONE
    if one.kind in _MESSAGES and other.kind in _ENDS:
        return _ANY
    if one.kind in _SEPARATORS or one.kind in _MESSAGES or other.kind in _ENDS:
        return _SOME
    if other.kind in ("NAME", "STRING") and one.kind in ("STRING", "RSQUARE", *_ENDS):
        return _SOME
    return _ANY


def _spot(line: str, one: Token, other: Token, wanted: str) -> Spot:
    before = clip(line[one.start : one.end])
    behind = "#" if other.kind == "COMMENT" else clip(line[other.start : other.end])
    has = blanks_shown(line[one.end : other.start])
    belongs = "one belongs" if wanted else "none belong"
    wrong = f"{has} between `{before}` and `{behind}`, where {belongs}"
    return Spot(other.start, other.end, wrong, (Edit(one.end, other.start, wanted),))


check = in_runs(on_lines(_on_line), "place", "put blanks where they belong")
