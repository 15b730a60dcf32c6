"""Labels in lists and tables of text: a line an item."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from protofix.data.bytes import UnreadableError
from protofix.data.counts import NOTHING, LabelCounts
from protofix.data.label_arrays import Advanced
from protofix.data.label_rules import LabelRules
from protofix.data.tally import count_times
from protofix.files import open_regular, reading

_LONGEST_LINE = 1 << 16
_BLOCK = 1 << 20  # bytes read at once
_ROWS = 1 << 16  # rows of a table looked at at once
_WHOLE = re.compile(rb"[ \t\r\f\v]*([+-]?\d{1,18})[ \t\r\f\v]*")
_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def count_list(path: Path, rules: LabelRules, advanced: Advanced | None = None) -> LabelCounts:
    """Count the labels of a list of images: a line each, its path, a blank and its label.

    The last blank of a line stands before the label, as in Caffe's ImageData; empty lines are
    left out. Caffe reads the label with C's atoi, to which all that is no number is 0; here that
    is refused.

    Raises:
        UnreadableError: a line has no label, or one that is none; or there are no lines.
        FileError: the file cannot be read.

    """
    done, counts = 0, NOTHING
    for lines in _blocks(path):
        words = Counter(line.rpartition(b" ")[2] for line in lines)
        times = _labels_of_words(words, rules)
        if times is None:
            times = Counter(_labels_of_lines(lines, done, path, rules))
        counts += count_times(times, rules)
        done += len(lines)
        if advanced is not None:
            advanced(done, None)
    if not counts.items:
        raise UnreadableError(f"{path}: names no images, a line each: its path, a blank, its label")
    return counts


def count_table(
    path: Path, rules: LabelRules, column: str | None = None, advanced: Advanced | None = None
) -> LabelCounts:
    """Count the labels in a column of a table: lines of cells between commas, semicolons or tabs.

    Args:
        path: the file.
        rules: which labels are left out, and how many classes there are.
        column: the column's name in the header, or its number from 0; None for the last. The
            first line is a header if what it has in that column is no number.
        advanced: told how many rows are done.

    Raises:
        UnreadableError: there is no such column, or a label is none.
        FileError: the file cannot be read.

    """
    with open_regular(path) as stream:
        first = stream.readline(_LONGEST_LINE)
    if b"\x00" in first:
        raise UnreadableError(f"{path}: is no table of text: it has bytes of 0, as binary files do")
    separator = next((mark for mark in (",", ";", "\t") if mark.encode() in first), ",")
    # Only numbers are looked at, so that an encoding that is not UTF-8 does no harm.
    with (
        reading(path),
        open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        reader = csv.reader(text, delimiter=separator)
        rows = ((reader.line_num, row) for row in reader if any(map(str.strip, row)))
        try:
            return _count_rows(rows, str(path), rules, column, advanced)
        except csv.Error as error:
            wrong = f"{path}:{reader.line_num}: is no table of cells: {error}"
        except UnreadableError as error:
            wrong = str(error)
    raise UnreadableError(wrong)


def _blocks(path: Path) -> Iterator[list[bytes]]:
    """The lines of a file, some at a time."""
    begun = b""
    with open_regular(path) as stream:
        while True:
            block = stream.read(_BLOCK)
            *lines, begun = (begun + block).split(b"\n")
            if len(begun) >= _LONGEST_LINE:
                raise UnreadableError(f"{path}: is no list: it has a line of 64 KiB or more")
            if not block:
                if begun:
                    yield [begun]
                return
            if lines:
                yield lines


def _labels_of_words(words: Mapping[bytes, int], rules: LabelRules) -> Counter[int] | None:
    """How often each label occurs, of how often each word does; None if one is no label."""
    times: Counter[int] = Counter()
    for word, count in words.items():
        found = _WHOLE.fullmatch(word)
        if found is None or rules.wrong_with(int(found[1])):
            return None
        times[int(found[1])] += count
    return times


def _labels_of_lines(
    lines: Sequence[bytes], before: int, path: Path, rules: LabelRules
) -> Iterator[int]:
    """The labels of lines, one by one, so that an error can say which line it is about."""
    for number, line in enumerate(lines, before + 1):
        if not line.strip():
            continue
        _, blank, word = line.rpartition(b" ")
        found = _WHOLE.fullmatch(word)
        if found is None:
            raise UnreadableError(f"{path}:{number}: {_no_label(word, bool(blank))}")
        wrong = rules.wrong_with(int(found[1]))
        if wrong:
            raise UnreadableError(f"{path}:{number}: the label is {wrong}")
        yield int(found[1])


def _no_label(word: bytes, has_blank: bool) -> str:
    if not has_blank:
        tab = ", which a tab is not" if b"\t" in word else ""
        return f"{_quoted(word)} has no label behind a blank{tab}: write PATH LABEL"
    if not word.strip():
        return "ends with a blank, behind which Caffe reads the label 0: take the blank away"
    return f"the label {_quoted(word)} is no whole number, which Caffe needs: write PATH LABEL"


def _quoted(word: bytes) -> str:
    text = word.strip().decode("utf-8", "backslashreplace")
    text = text if text.isprintable() else ascii(text)[1:-1]
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def _count_rows(
    rows: Iterator[tuple[int, list[str]]],
    where: str,
    rules: LabelRules,
    column: str | None,
    advanced: Advanced | None,
) -> LabelCounts:
    first = next(rows, None)
    if first is None:
        raise UnreadableError(f"{where}: has no rows")
    index = _column(first[1], column, where)
    is_header = not _NUMBER.fullmatch(first[1][index].strip())
    done, counts = 0, NOTHING
    pending = iter(()) if is_header else iter([first])
    while block := list(islice(pending, _ROWS)) or list(islice(rows, _ROWS)):
        times = Counter(row[index] if len(row) > index else "" for _, row in block)
        labels: Counter[int] = Counter()
        for cell, count in times.items():
            wrong = _wrong_cell(cell, rules)
            if wrong:
                line = next(n for n, row in block if (row[index:] or [""])[0] == cell)
                raise UnreadableError(f"{where}:{line}: {wrong}")
            labels[int(float(cell))] += count
        counts += count_times(labels, rules)
        done += len(block)
        if advanced is not None:
            advanced(done, None)
    if not done:
        raise UnreadableError(f"{where}: has a header and no rows")
    return counts


def _wrong_cell(cell: str, rules: LabelRules) -> str:
    """What is wrong with a cell that should be a label."""
    if not cell.strip():
        return "has no label in that column"
    if not _NUMBER.fullmatch(cell.strip()):
        shown = _quoted(cell.encode("utf-8", "surrogateescape"))
        return f"the label {shown} is no whole number: give the number of the class, from 0"
    wrong = rules.wrong_with(float(cell))
    return f"the label is {wrong}" if wrong else ""


def _column(first: Sequence[str], column: str | None, where: str) -> int:
    if column is None:
        return len(first) - 1
    names = [name.strip() for name in first]
    if column in names:
        return names.index(column)
    if column.isascii() and column.isdigit() and len(column) < 10:
        if int(column) < len(first):
            return int(column)
        raise UnreadableError(
            f"{where}: has {len(first)} columns, 0 to {len(first) - 1}, and no column {column}"
        )
    there = ", ".join(_quoted(name.encode("utf-8", "surrogateescape")) for name in names[:20])
    raise UnreadableError(f"{where}: has no column `{column}`, but {there}")
