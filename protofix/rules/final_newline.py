"""A last line without a line end.

What is put behind it, by a tool or by hand, comes to stand on that line, and every diff says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.source import BLANKS, newline_of

CODE = "PF806"
NAME = "final-newline"
SEVERITY = "info"
FIXES = ("safe",)
ON = False


def check(context: Context) -> Iterator[Hit]:
    """Look at the last line; one of blanks alone is none."""
    document = context.document
    text = document.text
    if document.diagnoses or not document.source.lines[-1].strip(BLANKS):
        return
    fix = Fix("end the last line", (Edit(len(text), len(text), newline_of(text)),))
    yield Hit(len(text), len(text), "the last line has no line end", fix)
