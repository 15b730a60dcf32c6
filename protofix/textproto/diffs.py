"""What two texts differ in: as edits that make one of the other, and as a diff for people."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate
from typing import Literal

from protofix.textproto.edits import Edit

_Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]

_WINDOW = 200  # lines that are compared with one another at once
_CONTEXT = 3


def edits_between(before: str, after: str) -> list[Edit]:
    """The edits that make one text of another: what differs of the lines that do."""
    old, new = _lines(before), _lines(after)
    starts = [0, *accumulate(map(len, old))]
    edits = []
    for tag, a1, a2, b1, b2 in _opcodes(old, new):
        if tag != "equal":
            was, becomes = "".join(old[a1:a2]), "".join(new[b1:b2])
            same = _alike(was, becomes)
            behind = _alike(was[same:][::-1], becomes[same:][::-1])
            start, end = starts[a1] + same, starts[a2] - behind
            edits.append(Edit(start, end, becomes[same : len(becomes) - behind]))
    return edits


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def unified_diff(before: str, after: str, path: str) -> str:
    """Give the unified diff of two texts, as `patch` takes it; empty if they are equal.

    Nets repeat their lines, over which difflib takes quadratic time, so it is given a window at a
    time: the cost grows with the length alone.
    """
    old, new = _lines(before), _lines(after)
    if old == new:
        return ""
    # A tab ends a name with blanks in it; without one, patch takes the first word alone.
    name = _name_in_diff(path) + ("\t" if " " in path else "")
    parts = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    for group in _Windowed(old, new).get_grouped_opcodes(_CONTEXT):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = group[0], group[-1]
        parts.append(f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n")
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                parts += (_shown(" ", line) for line in old[a1:a2])
            else:
                parts += (_shown("-", line) for line in old[a1:a2])
                parts += (_shown("+", line) for line in new[b1:b2])
    return "".join(parts)


def _name_in_diff(path: str) -> str:
    """A path from the working folder, as `patch -p1` and `git apply` take it there."""
    name = os.path.normpath(path)
    if os.path.isabs(name):
        with suppress(ValueError, OSError):  # Another drive; the working folder is gone.
            below = os.path.relpath(name)
            name = name if below.split(os.sep)[0] == os.pardir else below
    return name.replace(os.sep, "/").lstrip("/")


def _range(first: int, last: int) -> str:
    """Lines as a unified diff counts them: from 1, or from 0 where there are none."""
    count = last - first
    return f"{first + bool(count)}" if count == 1 else f"{first + bool(count)},{count}"


def _shown(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


class _Windowed(difflib.SequenceMatcher[str]):
    def __init__(self, old: list[str], new: list[str]) -> None:
        super().__init__()
        self.known: list[_Opcode] = []
        for code in _opcodes(old, new):
            last = self.known[-1] if self.known else None
            if last is not None and last[0] == code[0] == "equal":
                self.known[-1] = ("equal", last[1], code[2], last[3], code[4])
            else:
                self.known.append(code)

    def get_opcodes(self) -> list[_Opcode]:
        return self.known


def _opcodes(old: list[str], new: list[str]) -> Iterator[_Opcode]:
    """What difflib calls opcodes, found a window at a time."""
    i = j = 0
    window = _WINDOW
    while i < len(old) or j < len(new):
        matcher = difflib.SequenceMatcher(None, old[i : i + window], new[j : j + window], False)
        codes = matcher.get_opcodes()
        whole = i + window >= len(old) and j + window >= len(new)
        # What is at the end of a window may match better with what comes behind it.
        anchors = [n for n, code in enumerate(codes) if code[0] == "equal"]
        if not whole and not anchors:
            window *= 2
            continue
        kept = codes if whole else codes[: anchors[max(0, len(anchors) - 2)] + 1]
        for tag, a1, a2, b1, b2 in kept:
            yield tag, i + a1, i + a2, j + b1, j + b2
        i, j, window = i + kept[-1][2], j + kept[-1][4], _WINDOW


def _lines(text: str) -> list[str]:
    # Only a line feed ends a line here, as everywhere else.
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
