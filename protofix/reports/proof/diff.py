"""The unified diff of two nets, coloured, for a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from protofix.net.names import counted
from protofix.reports.terminal import printable
from protofix.textproto.diffs import unified_diff
from protofix.textproto.tree import Document

_MOST_LINES = 60
"""Of a diff that is shown unfolded."""

_CLASSES = {"+": "plus", "-": "minus", "@": "hunk", "\\": "hunk"}


def diff_html(old: Document, new: Document) -> str:
    """Show what changed in the text; a long diff is folded."""
    diff = unified_diff(old.text, new.text, old.source.path)
    if not diff:
        return '<p class="pale">Both texts are the same.</p>'
    lines = diff.removesuffix("\n").split("\n")
    body = [_line(line, number < 2) for number, line in enumerate(lines)]
    changed = lines[2:]
    counts = _counts(changed)
    shown = f'<div class="diff"><code>{"".join(body)}</code></div>'
    if len(lines) <= _MOST_LINES:
        return f'<p class="pale">{counts}</p>{shown}'
    return f"<details><summary>{counts}: show the diff</summary>{shown}</details>"


def _counts(lines: Sequence[str]) -> str:
    added = sum(line.startswith("+") for line in lines)
    gone = sum(line.startswith("-") for line in lines)
    return f"{counted(gone, 'line')} removed, {counted(added, 'line')} added"


def _line(line: str, is_head: bool) -> str:
    kind = "file" if is_head else _CLASSES.get(line[:1], "same")
    text = printable(line.removesuffix("\r").expandtabs(4))
    return f'<div class="{kind}">{escape(text)}</div>'
