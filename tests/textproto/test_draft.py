"""Texts taken apart into items and put together again."""

from __future__ import annotations

import pytest

from protofix.textproto.draft import draft_of, edits_of
from protofix.textproto.edits import apply_edits
from protofix.textproto.reader import read
from protofix.textproto.source import Source

# A list of messages whose last element goes: what is written anew ends as most lines of the text.
WITHOUT_THE_LAST = {
    "l: [{\r\n  a: 1\r\n}, {\r\n  a: 2\n}, { a: 3 }]\r\n": (
        "l {\r\n  a: 1\r\n}\r\nl {\r\n  a: 2\r\n}\r\n"
    ),
    "l: [{\n  a: 1\n}, {\r\n  a: 2\n}, { a: 3 }]\n": "l {\n  a: 1\n}\nl {\r\n  a: 2\n}\n",
}


@pytest.mark.parametrize("text", WITHOUT_THE_LAST, ids=repr)
def test_new_lines_end_as_most_do(text: str) -> None:
    draft = draft_of(read(Source(text)), frozenset({"l"}))
    after = apply_edits(text, edits_of(draft, draft.items[:-1]))
    assert after == WITHOUT_THE_LAST[text]
