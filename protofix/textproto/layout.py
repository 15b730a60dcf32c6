"""New text that looks like the text around it, and old text taken out without a scar."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from protofix.textproto.edits import Edit, merge_removals
from protofix.textproto.literals import encode_string
from protofix.textproto.source import BLANKS, newline_of
from protofix.textproto.tree import Document, Field, Message, Node, walk

T = TypeVar("T")


class Block(NamedTuple):
    """New text to be: `name { fields }`, or `name: value` with `value` as it is to be written."""

    name: str
    content: str | tuple[Block, ...]


@dataclass(frozen=True)
class Style:
    """How a file is written: what the majority of its lines do."""

    indent: str
    quote: str
    brackets: str
    brace_colon: bool
    newline: str
    colon: str
    short_on_one_line: bool
    leaves_on_one_line: bool


def style_of(document: Document) -> Style:
    """Look at how a file indents, quotes, brackets and ends its lines."""
    text = document.text
    indents: Counter[str] = Counter()
    quotes: Counter[str] = Counter()
    brackets: Counter[str] = Counter()
    colons: Counter[str] = Counter()
    brace_colons: Counter[bool] = Counter()
    short: Counter[bool] = Counter()
    leaves: Counter[bool] = Counter()
    at_top = set(map(id, document.fields))
    for node in walk(document.fields):
        if isinstance(node, Field):
            for scalar in node.scalars:
                if scalar.kind == "string":
                    quotes[text[scalar.start]] += 1
            colons[text[node.name_end : node.value_start]] += 1
        else:
            brackets[node.shape.bracket] += 1
            if not node.shape.listed:
                brace_colons[":" in text[node.name_end : node.open_end]] += 1
            if all(isinstance(field, Field) for field in node.fields):
                on_one_line = "\n" not in text[node.open_end : node.close_start]
                if len(node.fields) == 1:
                    short[on_one_line] += 1
                elif len(node.fields) in (2, 3, 4) and id(node) not in at_top:
                    leaves[on_one_line] += 1
            outer = indent_at(text, node.start)
            for inner in node.fields[:1]:
                deeper = indent_at(text, inner.start)
                if inner.start > text.find("\n", node.start) > 0 and deeper.startswith(outer):
                    indents[deeper[len(outer) :]] += 1
    indents.pop("", None)
    colons = Counter({key: n for key, n in colons.items() if re.fullmatch(r"[ \t]*:[ \t]*", key)})
    return Style(
        indent=_most(indents, "  "),
        quote=_most(quotes, '"'),
        brackets="<>" if _most(brackets, "{") == "<" else "{}",
        brace_colon=_most(brace_colons, False),
        newline=newline_of(text),
        colon=_most(colons, ": "),
        short_on_one_line=_most(short, _most(leaves, True)),
        leaves_on_one_line=_most(leaves, _most(short, False)),
    )


def _most(counts: Counter[T], default: T) -> T:
    return counts.most_common(1)[0][0] if counts else default


def indent_at(text: str, offset: int) -> str:
    """The blanks that begin the line of `offset`."""
    start = text.rfind("\n", 0, offset) + 1
    end = start
    while end < offset and text[end] in " \t":
        end += 1
    return text[start:end]


def render(block: Block, style: Style, indent: str, one_line: bool = False) -> str:
    """Write a block: its first line without indentation, those below it from `indent` on."""
    if isinstance(block.content, str):
        return f"{block.name}{style.colon}{block.content}"
    head = f"{block.name}{':' if style.brace_colon else ''} {style.brackets[0]}"
    deeper = indent + style.indent
    short = len(block.content) == 1 and isinstance(block.content[0].content, str)
    if one_line or (short and style.short_on_one_line):
        inner = " ".join(render(field, style, deeper, True) for field in block.content)
        return f"{head} {inner} {style.brackets[1]}"
    lines = [head]
    lines += [deeper + render(field, style, deeper) for field in block.content]
    lines.append(indent + style.brackets[1])
    return style.newline.join(lines)


def block_of(document: Document, message: Message) -> Block:
    """A message as a block, to be written again elsewhere; its comments stay behind."""
    text = document.text
    fields: list[Block] = []
    for node in message.fields:
        if isinstance(node, Message):
            fields.append(block_of(document, node))
        else:
            fields.append(Block(node.name, text[node.value_start : node.end]))
    return Block(message.name, tuple(fields))


def starts_its_line(document: Document, node: Node) -> bool:
    """Whether only blanks stand before a node on its line."""
    line_start = document.text.rfind("\n", 0, node.start) + 1
    return not document.text[line_start : node.start].strip(BLANKS)


def append_field(document: Document, message: Message, block: Block, style: Style) -> Edit:
    """Add a field at the end of a message, on a line of its own where the message has lines."""
    text = document.text
    inside = text[message.open_end : message.close_start]
    if "\n" not in inside:
        at = message.open_end + len(inside.rstrip(BLANKS))
        return Edit(at, at, f" {render(block, style, '', True)}" + ("" if inside else " "))
    if message.fields:
        indent = indent_at(text, message.fields[-1].start)
    else:
        indent = indent_at(text, message.start) + style.indent
    rendered = indent + render(block, style, indent)
    line_start = text.rfind("\n", 0, message.close_start) + 1
    if not text[line_start : message.close_start].strip(BLANKS):
        return Edit(line_start, line_start, rendered + style.newline)
    # The bracket stands behind the last field: break the line before it.
    outer = indent_at(text, message.start)
    kept = text[: message.close_start].rstrip(BLANKS)
    return Edit(len(kept), message.close_start, style.newline + rendered + style.newline + outer)


def put_within(
    document: Document, outer: Message, name: str, inner: Message | None, block: Block, style: Style
) -> Edit:
    """Add a field to a message `inner` of `outer`, of that name, which is made if it is None."""
    if inner is None:
        return append_field(document, outer, Block(name, (block,)), style)
    return append_field(document, inner, block, style)


def insert_comments(document: Document, node: Node, comments: list[str], style: Style) -> Edit:
    """Put comment lines above a node and the comment it has already."""
    text = document.text
    start = comment_start(document, node)
    indent = indent_at(text, node.start)
    lines = "".join(indent + comment + style.newline for comment in comments)
    if text[text.rfind("\n", 0, start) + 1 : start].strip(BLANKS):
        return Edit(start, start, style.newline + lines)
    return Edit(start, start, lines)


def insert_above(document: Document, node: Node, rendered: str, style: Style) -> Edit:
    """Put a top-level block, already written out, above a node and the comment over it.

    A blank line that sets the node apart from what is before it sets the block apart too.
    """
    text = document.text
    start = comment_start(document, node)
    if text[text.rfind("\n", 0, start) + 1 : start].strip(BLANKS):
        return Edit(start, start, rendered + " ")
    apart = re.search(r"\n[ \t\r]*\n$", text[:start])
    return Edit(start, start, rendered + style.newline + (style.newline if apart else ""))


def comment_start(document: Document, node: Node) -> int:
    """Where the comment lines directly above a node begin; the node's own line if there are none.

    A comment that a blank line sets apart is not the node's.
    """
    text = document.text
    if not starts_its_line(document, node):
        return node.start
    start = text.rfind("\n", 0, node.start) + 1
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip(BLANKS).startswith("#"):
            break
        start = above
    return start


_STRING_OR_COMMENT = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|(#[^\n]*)")


def comments_in(text: str) -> list[str]:
    """The comments of a stretch of text, each from its `#` to the end of its line.

    A `#` in a string begins none.
    """
    return [text[start:end] for start, end in comment_spans(text)]


def comment_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the comments of a text begin and end, without the blanks behind them."""
    for match in _STRING_OR_COMMENT.finditer(text) if "#" in text else ():
        if match[1]:
            yield match.start(1), match.start(1) + len(match[1].rstrip(BLANKS))


class Removal(NamedTuple):
    """The edit that takes nodes out, and the comments that went with it."""

    edit: Edit
    comments: tuple[str, ...]


def remove(document: Document, node: Node, with_comment_above: bool = False) -> Removal:
    """Take a node out, with its lines where it has them for itself.

    A comment on its last line goes with it, as does the one above if that is asked for. Of two
    blank lines that would then meet, one goes too.
    """
    text = document.text
    start, end = node.start, behind_separator(text, node.end, len(text))
    if isinstance(node, Message) and node.shape.listed and end == node.end:
        # The last of a list: the comma before it goes instead of one behind it.
        comma = _COMMA_BEFORE.search(text[:start])
        if comma is not None:
            return Removal(
                Edit(comma.start(), end, ""), tuple(comments_in(text[comma.start() : end]))
            )
    above = comment_start(document, node) if with_comment_above else start
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    rest = text[end:line_end].strip(BLANKS)
    alone_before = not text[line_start:start].strip(BLANKS)
    alone_after = not rest or rest.startswith("#")
    if alone_before and alone_after:
        first = min(above, line_start)
        comments = comments_in(text[first:line_end])
        last = min(line_end + 1, len(text))
        blank_above = first == 0 or text[:first].endswith(("\n\n", "\n\r\n"))
        while blank_above and last < len(text):
            following = text.find("\n", last)
            if following < 0 or text[last:following].strip(BLANKS):
                break
            last = following + 1
        return Removal(Edit(first, last, ""), tuple(comments))
    comments = comments_in(text[start:end])
    if alone_after and not alone_before:
        # What stands before it on the line keeps the comment behind it.
        kept = text[line_start:start].rstrip(BLANKS)
        return Removal(Edit(line_start + len(kept), end, ""), tuple(comments))
    while end < len(text) and text[end] in " \t":
        end += 1
    return Removal(Edit(start, end, ""), tuple(comments))


def remove_value(document: Document, field: Field, start: int) -> Removal:
    """Take out the value at `start`: the field, or one value of its list with its comma."""
    if not field.shape.listed:
        return remove(document, field)
    scalars = field.scalars
    index = next(i for i, scalar in enumerate(scalars) if scalar.start == start)
    first, last = scalars[index].start, scalars[index].end
    if index + 1 < len(scalars):
        last = scalars[index + 1].start
    elif index:
        # The last value: the comma before it goes, a comment behind that comma is another value's.
        behind = document.text[scalars[index - 1].end : first]
        comma = re.match(r"(?:[^,#]|#[^\n]*\n)*", behind)
        at = comma.end() if comma else 0
        kept = behind[:at] + behind[at + 1 :] if "#" in behind else ""
        return Removal(Edit(scalars[index - 1].end, last, kept), ())
    return Removal(Edit(first, last, ""), tuple(comments_in(document.text[first:last])))


def take_out(document: Document, removals: list[Removal], heir: Node, style: Style) -> list[Edit]:
    """The edits of removals, those of neighbours made one, their comments put above `heir`."""
    comments = [comment for removal in removals for comment in removal.comments]
    merged = merge_removals([removal.edit for removal in removals])
    edits = [_with_its_line(document.text, edit) for edit in merged]
    return [*edits, insert_comments(document, heir, comments, style)] if comments else edits


def _with_its_line(text: str, edit: Edit) -> Edit:
    """A removal, with the blanks and the line end that are all it leaves of its line."""
    start = text.rfind("\n", 0, edit.start) + 1
    end = text.find("\n", edit.end)
    left = text[start : edit.start] + text[edit.end : end]
    if end < 0 or left.strip(BLANKS) or text[: edit.end].endswith("\n"):
        return edit
    return Edit(start, end + 1, "")


def take_fields_out(
    document: Document, message: Message, fields: Sequence[Node], heir: Node, style: Style
) -> list[Edit]:
    """The edits that take fields out of a message, the message with them if it holds no others."""
    whole = len(fields) == len(message.fields)
    nodes = [message] if whole else fields
    return take_out(document, [remove(document, node) for node in nodes], heir, style)


class Placed(Protocol):
    """What has a place in a text, such as a value or the name of a blob."""

    @property
    def start(self) -> int:
        """Offset of its first character."""

    @property
    def end(self) -> int:
        """Offset behind its last."""


def replace_string(document: Document, written: Placed, value: str) -> Edit:
    """Put another string in place of one, in its quotes."""
    return Edit(written.start, written.end, encode_string(value, document.text[written.start]))


def add_value(document: Document, field: Field, name: str, value: str, style: Style) -> Edit:
    """Put one more value of a repeated field behind its last field, or at the end of its list."""
    text = document.text
    last = field.scalars[-1] if field.scalars else None
    if field.shape.listed and last is not None:
        return Edit(last.end, last.end, f", {value}")
    line_end = document.source.line_end(field.end)
    rest = text[field.end : line_end].strip(BLANKS)
    alone = starts_its_line(document, field) and (not rest or rest[0] == "#")
    if not alone:
        return Edit(field.end, field.end, f" {name}{style.colon}{value}")
    line = f"{style.newline}{indent_at(text, field.start)}{name}{style.colon}{value}"
    at = line_end - text[:line_end].endswith("\r")
    return Edit(at, at, line)


_SEPARATOR_BEHIND = re.compile(r"(?:[ \t\r\v\f\n]|#[^\n]*\n)*[,;]")
_COMMA_BEFORE = re.compile(r",(?:[ \t\r\v\f\n]|#[^\n]*\n)*$")


def behind_separator(text: str, end: int, limit: int) -> int:
    """Behind the separator of a node, wherever it stands; behind the node if it has none.

    Nothing from `limit` on is looked at.
    """
    match = _SEPARATOR_BEHIND.match(text, end, limit)
    return match.end() if match else end
