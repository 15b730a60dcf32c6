"""Items made, changed and put elsewhere, so that they look like those around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from protofix.textproto.draft import (
    Item,
    Layout,
    above,
    all_comments,
    breaks_line,
    reindented,
    without_blank_lines,
)
from protofix.textproto.layout import Style, comments_in
from protofix.textproto.literals import encode_string
from protofix.textproto.source import BLANKS
from protofix.textproto.tree import ScalarShape

_LINE_END = re.compile(r"\A[ \t\r]*\n")


class Written(NamedTuple):
    """A value as it is to be written: its kind and value as in `ScalarShape`, and its text."""

    kind: str
    value: str
    text: str


def quoted(value: str, style: Style) -> Written:
    """A string, in the quotes of the file."""
    return Written("string", value, encode_string(value, style.quote))


def bare(text: str) -> Written:
    """A name or a whole number."""
    return Written("name" if text[0].isalpha() else "integer", text, text)


def with_value(item: Item, new: Written, number: int = 0) -> Item:
    """A field with another value in the place of its `number`-th."""
    old = item.scalars[number]
    head = item.head[: old.start] + new.text + item.head[old.end :]
    shift = len(new.text) - (old.end - old.start)
    scalars = [
        *item.scalars[:number],
        ScalarShape(new.kind, new.value, old.start, old.end + shift),
        *(_moved(scalar, shift) for scalar in item.scalars[number + 1 :]),
    ]
    return replace(item, head=head, scalars=tuple(scalars))


def renamed(item: Item, name: str) -> Item:
    """The same under another name."""
    shift = len(name) - len(item.name)
    scalars = tuple(_moved(scalar, shift) for scalar in item.scalars)
    return replace(item, name=name, head=name + item.head[len(item.name) :], scalars=scalars)


def _moved(scalar: ScalarShape, shift: int) -> ScalarShape:
    return scalar._replace(start=scalar.start + shift, end=scalar.end + shift)


def new_field(name: str, new: Written, style: Style, at: int = 0) -> Item:
    """A field to be put somewhere."""
    start = len(name) + len(style.colon)
    scalar = ScalarShape(new.kind, new.value, start, start + len(new.text))
    return Item(name, "", f"{name}{style.colon}{new.text}", scalars=(scalar,), at=at)


def new_message(
    name: str, items: Sequence[Item], style: Style, layout: Layout = "style", at: int = 0
) -> Item:
    """A message to be put somewhere."""
    head = f"{name}{':' if style.brace_colon else ''} {style.brackets[0]}"
    return Item(name, "", head, tuple(items), "", style.brackets[1], at=at, layout=layout)


def placed(item: Item, style: Style, indent: str | None) -> Item:
    """An item at a new place: on a line of its own, from `indent` on, or within a line (None).

    Its comments stay: those of its lead above it, that of its trail behind it.
    """
    if indent is None:
        comments = comments_in(item.lead)
        lead = "".join(f" {comment}{style.newline}" for comment in comments) or " "
        return replace(_laid_out(item, style, None), lead=lead)
    item = _laid_out(item, style, indent)
    if breaks_line(item.lead):
        return item
    lead = above(style.newline + indent, comments_in(item.lead), style.newline, indent)
    return replace(item, lead=lead, indent=indent)


def _laid_out(item: Item, style: Style, indent: str | None) -> Item:
    if item.layout == "kept" or item.items is None:
        # As the author wrote it.
        return item if indent is None else reindented(item, indent)
    if indent is None or fits_on_one_line(item, style):
        inner = tuple(placed(child, style, None) for child in item.items)
        return replace(item, items=inner, foot=" ", indent=indent, layout="kept")
    inner = tuple(placed(child, style, indent + style.indent) for child in item.items)
    if inner:
        inner = (replace(inner[0], lead=without_blank_lines(inner[0].lead)), *inner[1:])
    foot = style.newline + indent
    return replace(item, items=inner, foot=foot, indent=indent, layout="kept")


def fits_on_one_line(item: Item, style: Style) -> bool:
    """Whether a new message goes on one line: it is short, has no comment, and the file does so.

    Fields that had a line each keep one.
    """
    if item.layout == "lines" or any(all_comments(child) for child in item.children):
        return False
    if item.layout == "line":
        return True
    if any(child.items is not None or child.indent is not None for child in item.children):
        return False
    few = len(item.children) <= 4
    return style.short_on_one_line if len(item.children) == 1 else few and style.leaves_on_one_line


def removed(message: Item, fields: Sequence[Item]) -> Item:
    """A message without some of its items; what is left keeps its place."""
    gone = {id(item) for item in fields}
    items = tuple(item for item in message.children if id(item) not in gone)
    foot = message.foot if items else (" " if "#" not in message.foot else message.foot)
    return replace(message, items=items, foot=foot)


def without(items: Sequence[Item], index: int, style: Style) -> list[Item]:
    """Items without one of them: blank lines that set it apart set apart what is behind it."""
    before, behind = items[:index], items[index + 1 :]
    if not behind:
        return list(before)
    lead = behind[0].lead
    if _blank_lines(items[index].lead) > _blank_lines(lead):
        lead = style.newline + lead
    if not before:
        lead = _LINE_END.sub("", lead)
    return [*before, replace(behind[0], lead=lead), *behind[1:]]


def _blank_lines(lead: str) -> int:
    return lead.split("#", 1)[0].count("\n") - 1


def appended(message: Item, new: Item, style: Style, behind: int | None = None) -> Item:
    """A message with one more item, behind its `behind`-th one or at the end.

    The item stands on a line of its own where the others do.
    """
    if all_comments(new) and message.indent is not None and "\n" not in message.foot:
        message = _spread(message, style)
    items = message.children
    index = len(items) if behind is None else behind + 1
    neighbour = items[index - 1] if items else None
    if neighbour is not None:
        indent = neighbour.indent if breaks_line(neighbour.lead) else None
    else:
        broken = "\n" in message.foot and message.indent is not None
        indent = (message.indent or "") + style.indent if broken else None
    if not items and comments_in(message.foot):
        # What stands alone in the message stands above its first field from now on.
        comments = "".join(comment + style.newline for comment in comments_in(message.foot))
        new = replace(new, lead=comments + new.lead)
        indent = (message.indent or "") + style.indent
    added = (*items[:index], placed(new, style, indent), *items[index:])
    foot = message.foot
    if not items:
        foot = " " if indent is None else style.newline + (message.indent or "")
    elif not foot:
        foot = " "
    return replace(message, items=added, foot=foot)


def _spread(message: Item, style: Style) -> Item:
    """A message on one line, opened over several: a comment needs a line to stand on."""
    assert message.indent is not None
    deeper = message.indent + style.indent
    items = tuple(placed(child, style, deeper) for child in message.children)
    return replace(message, items=items, foot=style.newline + message.indent)


def commented(item: Item, comments: Sequence[str], style: Style) -> Item:
    """An item with more comments above it, before those it has."""
    if not comments:
        return item
    if item.indent is None:
        lines = "".join(f"{comment}{style.newline}" for comment in comments)
        return replace(item, lead=f"{item.lead}{lines}")
    if "#" not in item.lead:
        return replace(item, lead=above(item.lead, comments, style.newline, item.indent))
    start = item.lead.rfind("\n", 0, item.lead.index("#")) + 1
    if not start and not item.lead[: item.lead.index("#")].strip(BLANKS):
        # The first of its own stands behind something else, on that one's line.
        start = item.lead.index("\n") + 1
    lines = "".join(f"{item.indent}{comment}{style.newline}" for comment in comments)
    return replace(item, lead=item.lead[:start] + lines + item.lead[start:])


def commented_below(message: Item, comments: Sequence[str], style: Style) -> Item:
    """A message with more comments below its last item."""
    if not comments:
        return message
    indents = [child.indent for child in message.children if child.indent is not None]
    indent = indents[0] if indents else (message.indent or "") + style.indent
    lines = "".join(f"{style.newline}{indent}{comment}" for comment in comments)
    foot = message.foot if "\n" in message.foot else style.newline + (message.indent or "")
    return replace(message, foot=lines + foot)
