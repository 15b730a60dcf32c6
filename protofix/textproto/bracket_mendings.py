"""How brackets that are missing are written, and those that are too many taken away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from protofix.textproto.brackets import Gap
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.source import Source, newline_of
from protofix.textproto.tree import Diagnosis


def closing(source: Source, gap: Gap, certain: bool) -> Mending:
    """Write the brackets that are missing, each indented like the line that opened it."""
    text, at = source.text, gap.behind
    newline = newline_of(text)
    row = source.position(at).line - 1
    commented = "#" in text[text.rfind("\n", 0, at) + 1 : at]
    written = ""
    for one in gap.opened:
        right = "}" if one.bracket == "{" else ">"
        line = source.lines[one.row]
        indent = line[: len(line) - len(line.lstrip())]
        written += f" {right}" if one.row == row and not commented else f"{newline}{indent}{right}"
    first = gap.opened[0]
    title = f"close the `{first.bracket}` of line {first.row + 1}"
    return Mending(title, (Edit(at, at, written),), certain)


def opening(source: Source, name: str, start: int, close: int) -> Mending:
    """Open a message before the field at `start`, on a line like that of its closing bracket."""
    text = source.text
    line_start = text.rfind("\n", 0, start) + 1
    close_line = text.rfind("\n", 0, close) + 1
    indent = text[close_line:close]
    if text[line_start:start].strip() or indent.strip():
        edit = Edit(start, start, f"{name} {{ ")
    else:
        edit = Edit(line_start, line_start, f"{indent}{name} {{{newline_of(text)}")
    return Mending(f"write `{name} {{`", (edit,), True)


def taking_away(source: Source, start: int, end: int, certain: bool) -> Mending:
    """Take a bracket away, with its line where it has one for itself."""
    text = source.text
    line_start = text.rfind("\n", 0, start) + 1
    line_end = source.line_end(end)
    first, last = start, end
    if not text[line_start:start].strip() and not text[end:line_end].strip():
        first, last = line_start, min(line_end + 1, len(text))
    return Mending(f"take `{text[start:end]}` away", (Edit(first, last, ""),), certain)


def together(text: str, diagnoses: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """The same mistakes in brackets that pair up, with one mending for those that need each other.

    Of a bracket that is missing in one place and one too many in another, half the mending would
    leave a text whose brackets no longer pair up.
    """
    waiting: list[Diagnosis] = []
    balance = 0
    for found in diagnoses:
        waiting.append(found)
        if found.mending is not None:
            balance += sum(_brackets_more(text, edit) for edit in found.mending.edits)
        if not balance:
            yield from _as_one(waiting)
            waiting = []
    yield from waiting


def _as_one(diagnoses: Sequence[Diagnosis]) -> Iterator[Diagnosis]:
    """Some mistakes with the same mending for each, which makes all that is written for them."""
    mendings = [it.mending for it in diagnoses if it.mending is not None]
    titles = list(dict.fromkeys(it.title for it in mendings))
    edits = tuple(edit for it in mendings for edit in it.edits)
    mending = Mending(" and ".join(titles), edits, all(it.certain for it in mendings))
    return (it._replace(mending=mending) for it in diagnoses)


def _brackets_more(text: str, edit: Edit) -> int:
    """How many closing brackets more there are after an edit."""
    before = text[edit.start : edit.end]
    return sum(edit.replacement.count(it) - before.count(it) for it in "}>")
