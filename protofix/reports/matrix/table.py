"""A matrix as a table: a row a class, and below what they come to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from protofix.net.names import counted
from protofix.reports.matrix.facts import MatrixFacts
from protofix.reports.matrix.numbers import cut, padded, short, text_width
from protofix.reports.terminal import Line, printable

_ALL_ROWS = 40
_OF_EACH_END = 10
_LEAST_NAME, _MOST_NAME = 8, 40  # columns
_GAP = "  "
_LABEL = 14
TINTS = {"error": "red", "warning": "yellow", "note": "cyan"}
"""The colours of concerns, by how severe they are."""


def table(facts: MatrixFacts, width: int, every: bool = False) -> Iterator[Line]:
    """A row a class.

    Of more than 40 classes those of the largest and of the smallest row sums are shown, in the
    order of their labels, unless `every` one is asked for.
    """
    order = list(range(facts.matrix.classes))
    left_out = 0
    if len(order) > _ALL_ROWS and not every:
        heaviest = np.argsort(-facts.sums, kind="stable")
        shown = {*heaviest[:_OF_EACH_END].tolist(), *heaviest[-_OF_EACH_END:].tolist()}
        left_out = len(order) - len(shown)
        order = [index for index in order if index in shown]
    head, rows = _cells(facts, order)
    names = [printable(facts.name(index)) for index in order] if facts.names else []
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    room = width - sum(widths) - len(_GAP) * len(widths)
    name_width = min(max(map(text_width, [*names, "name"])), max(room, _LEAST_NAME), _MOST_NAME)
    yield _row(head, widths, "name" if names else None, name_width, "bold")
    for number, cells in enumerate(rows):
        yield _row(cells, widths, names[number] if names else None, name_width)
    if left_out:
        said = f"{left_out:,} classes between the {_OF_EACH_END} of the largest row sums and the "
        said += f"{_OF_EACH_END} of the smallest are left out; --all shows them"
        for part in textwrap.wrap(said, width):
            yield [(part, "dim")]


def summary(facts: MatrixFacts, width: int) -> Iterator[Line]:
    """What the file is, how large the numbers are, and what may be wrong with them."""
    for label, text in _summary(facts):
        yield from _wrapped(label, text, width)
    for concern in facts.concerns:
        tint = TINTS[concern.severity]
        yield from _wrapped(concern.severity, printable(concern.message), width, tint)


def _cells(facts: MatrixFacts, order: Sequence[int]) -> tuple[list[str], list[list[str]]]:
    """The head, and the cells of each class: as many numbers as are known."""
    has_rest = bool(facts.rest.any())
    head = ["class"]
    columns = [[str(index) for index in order]]
    if facts.counts is not None and facts.label_shares is not None:
        head += ["labels", "share"]
        columns.append([f"{facts.counts.counts[index]:,}" for index in order])
        columns.append([_percent(facts.label_shares[index]) for index in order])
    head.append("diagonal")
    columns.append([short(facts.diagonal[index]) for index in order])
    if has_rest:
        head += ["rest", "row sum"]
        columns.append([short(facts.rest[index]) for index in order])
        columns.append([short(facts.sums[index]) for index in order])
    if facts.loss_shares is not None:
        head.append("of loss")
        columns.append([_percent(facts.loss_shares[index]) for index in order])
    return head, [list(cells) for cells in zip(*columns, strict=True)]


def _row(
    cells: Sequence[str], widths: Sequence[int], name: str | None, name_width: int, style: str = ""
) -> Line:
    line: Line = [(cells[0].rjust(widths[0]), style or "bold")]
    if name is not None:
        line.append((_GAP + padded(cut(name, name_width), name_width), style or "cyan"))
    for cell, size in zip(cells[1:], widths[1:], strict=True):
        line.append((_GAP + cell.rjust(size), style))
    return line


def _summary(facts: MatrixFacts) -> Iterator[tuple[str, str]]:
    values, matrix = facts.values, facts.matrix
    shape = "×".join(map(str, matrix.shape))
    yield "matrix", f"L = {matrix.classes:,} classes, {matrix.format}, {shape} {matrix.dtype}"
    beside = int(np.count_nonzero(values) - np.count_nonzero(facts.diagonal))
    kind = f"{counted(beside, 'number')} other than 0 beside the diagonal" if beside else "diagonal"
    yield "numbers", f"{short(values.min())} to {short(values.max())}, {kind}"
    yield "trace", short(facts.trace)
    of = "a label" if facts.counts else "a class"
    yield "mean weight", f"{short(facts.mean_weight)} of {of}: {_meaning(facts)}"
    if facts.ratio is not None:
        zero = int((facts.sums == 0).sum())
        without = f"; {zero:,} of weight 0" if zero else ""
        yield "ratio", f"{short(facts.ratio)} from the lightest class to the heaviest{without}"
    if facts.counts is not None:
        yield "labels", f"{facts.counts.total:,}"


def _meaning(facts: MatrixFacts) -> str:
    mean = facts.mean_weight
    if abs(mean - 1) < 0.005:
        return "the loss is as large as without H"
    if mean <= 0:
        return "the loss has no weight"
    if mean > 1:
        return f"the loss and its gradient are {short(mean)} times as large as without H"
    return f"the loss and its gradient are {short(1 / mean)} times smaller than without H"


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %" if part == 0 or part >= 0.0005 else "<0.1 %"


def _wrapped(label: str, text: str, width: int, tint: str = "") -> Iterator[Line]:
    for number, part in enumerate(textwrap.wrap(text, max(width - _LABEL, 24)) or [""]):
        yield [((label if number == 0 else "").ljust(_LABEL), tint or "bold"), (part, "")]
