"""How brackets that are missing are written, and those that are too many taken away."""

from __future__ import annotations

from protofix.textproto.braces import Gap
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.source import Source, newline_of


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
