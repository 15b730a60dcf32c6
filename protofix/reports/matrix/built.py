"""A matrix that was just made: what of, the table of its classes, and what was written."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protofix.infogain.matrix.recipes import RECIPES
from protofix.reports.matrix import as_json as matrix_json
from protofix.reports.matrix.facts import MatrixFacts
from protofix.reports.matrix.table import summary, table
from protofix.reports.terminal import Line, printable

_LABEL = 14


@dataclass(frozen=True)
class Built:
    """A matrix, the recipe of its weights (None if they were given), and what there is to say.

    `is_kept` tells whether it goes to a file.
    """

    facts: MatrixFacts
    recipe: str | None
    said: tuple[str, ...]
    is_kept: bool


def lines(built: Built, written: Sequence[str], width: int, every: bool = False) -> Iterator[Line]:
    """A row a class, what the numbers come to, and which files were written."""
    yield from table(built.facts, width, every)
    yield [("", "")]
    for label, text in _said(built):
        for number, part in enumerate(textwrap.wrap(printable(text), max(width - _LABEL, 24))):
            yield [((label if number == 0 else "").ljust(_LABEL), "bold"), (part, "")]
    yield from summary(built.facts, width)
    for path in written:
        yield [(f"wrote {path}", "bold")]
    if not built.is_kept:
        yield [("nothing was written; -o OUT writes H", "bold")]
    elif not written:
        yield [(f"{built.facts.matrix.path} is there already as it is to be", "bold")]


def as_json(built: Built, written: Sequence[str]) -> str:
    """The JSON of the matrix, and with it: recipe, said, items, labels, ignored and written."""
    counts = built.facts.counts
    record = {
        **json.loads(matrix_json.as_json(built.facts)),
        "recipe": built.recipe,
        "said": list(built.said),
        "items": None if counts is None else counts.items,
        "labels": None if counts is None else counts.total,
        "ignored": None if counts is None else counts.ignored,
        "written": list(written),
    }
    if not built.is_kept:
        record["file"] = None
    return json.dumps(record, indent=2)


def _said(built: Built) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(built.said):
        yield "counted" if number == 0 else "", text
    counts = built.facts.counts
    if counts is not None and counts.maps:
        yield "maps", f"{counts.items:,}"
    if built.recipe is not None:
        yield "recipe", f"{built.recipe}: {RECIPES[built.recipe].formula}"
