"""Fixes that are a rewrite of a whole net."""

from __future__ import annotations

from collections.abc import Callable

from protofix.net.view import NetView
from protofix.rulebook.findings import Fix
from protofix.textproto.diffs import edits_between
from protofix.textproto.tree import Document


def rewritten(
    view: NetView, title: str, rewrite: Callable[[Document], Document], safe: bool
) -> Fix | None:
    """The fix that a rewrite of a net by itself is; none of a net that a solver holds."""
    document = view.net.document
    if view.net.fields is not document.fields:
        return None
    after = rewrite(document)
    return Fix(title, tuple(edits_between(document.text, after.text)), safe)
