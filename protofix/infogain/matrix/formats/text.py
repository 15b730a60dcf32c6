"""H as text: a line of numbers for each label."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np

from protofix.infogain.matrix.formats.stored import Stored
from protofix.infogain.matrix.values import Array, MatrixError

SUFFIXES = (".csv", ".txt", ".tsv")
"""What the names of such files end in."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


_NOT_FINITE = ("nan", "inf", "infinity")


def read_csv(content: bytes, where: str) -> Stored:
    """The numbers of a text file of L lines with L numbers each. Raises MatrixError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MatrixError(f"{where}: not text, write L lines of L numbers") from None
    rows: list[list[float]] = []
    for number, cells in _csv_lines(text, where):
        if rows and len(cells) != len(rows[0]):
            raise MatrixError(
                f"{where}:{number}: {len(cells)} numbers, the first row has {len(rows[0])};"
                f" write L lines of L numbers"
            )
        header = not rows and any(map(_is_word, cells))
        rows.append([_csv_number(cell, header, f"{where}:{number}") for cell in cells])
    if not rows:
        raise MatrixError(f"{where}: no numbers, write L lines of L numbers")
    if len(rows) != len(rows[0]):
        raise MatrixError(
            f"{where}: {len(rows)} rows of {len(rows[0])} numbers are not square,"
            f" write L lines of L numbers"
        )
    return Stored(np.array(rows, dtype=np.float64), "float64")


def _csv_lines(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number, from 1, and its cells; empty lines are left out."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        line = line.strip()
        if not line:
            continue
        if "," in line and ";" in line:
            # 1,5;2,5 is two numbers to some and three to others.
            raise MatrixError(
                f"{where}:{number}: commas and semicolons in one line,"
                f" write 0.5 with a point and use one separator"
            )
        separator = "," if "," in line else ";" if ";" in line else None
        yield number, line.split(separator)


def _is_word(cell: str) -> bool:
    """Whether a cell of the first line can be a column's name."""
    cell = cell.strip()
    return (cell[:1].isalpha() and cell.lower() not in _NOT_FINITE) or cell[:1] in ("#", '"', "'")


def _csv_number(cell: str, header: bool, where: str) -> float:
    """Return a cell's number."""
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return float(cell)
    if cell.lower().lstrip("+-") in _NOT_FINITE:
        raise MatrixError(f"{where}: {cell} is not finite, every number must be")
    if not cell:
        raise MatrixError(f"{where}: a cell is empty, write L lines of L numbers")
    shown = ascii(cell if len(cell) <= 40 else cell[:37] + "...")
    hint = "a header row must go" if header else "write L lines of L numbers"
    raise MatrixError(f"{where}: {shown} is not a number, {hint}")


def write_csv(values: Array) -> bytes:
    """Make lines of numbers between commas, each the shortest that reads as the same float64."""
    lines = (",".join(map(repr, row)) + "\n" for row in values.tolist())
    return "".join(lines).encode("ascii")
