"""Items: a text taken apart so that fields can be moved, renamed and gathered with their comments.

An item is a field together with what is written before it and behind it: the blank lines and the
comments above, the separator and the comment at the end of its line. Put together again, untouched
items give the text as it was, to the byte; a moved one takes its comments along.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from protofix.textproto.edits import Edit
from protofix.textproto.layout import behind_separator, comments_in
from protofix.textproto.source import BLANKS, newline_of
from protofix.textproto.tree import Document, Field, Message, Node, ScalarShape

_GAP = re.compile(r"(?:[ \t\r\v\f\n]|#[^\n]*(?:\n|$))*")
COMMENT_BEHIND = re.compile(r"[ \t\v\f]*#(?:[^\n\r]|\r(?!\n))*")
"""The comment that follows something on its line, with the blanks before it."""

_LIST_END = re.compile(r"(?:[ \t\r\v\f\n,;]|#[^\n]*\n)*\]")
_LONE = re.compile(r"(?<!\r)\n")
_COMMENT = re.compile(r"#[^\n]*")
_BLANK_LINES = re.compile(r"\A(?:[ \t\r\v\f]*\n)+(?=[ \t\v\f]*\r?\n)")


Layout = Literal["kept", "lines", "line", "style"]


@dataclass(frozen=True)
class Item:
    """A field or a message of a text, with what stands around it.

    `lead` is all between the item before and this one, less that one's `trail`; `trail` is the
    separator behind it and the comment behind that on its line. `head` is `name: value`, or `name
    {` of a message, whose `items`, `foot` (what stands before the bracket) and `close` follow.
    `indent` is the indentation of its line, None if the item does not begin its line. `scalars`
    are a field's values with offsets in `head`. `at` is where the item was in the text as read, for
    messages to people. `group` tells which items were written as one list of messages. A new
    message has a `layout` to be given to it: on "lines", on one "line", or by the file's "style".
    """

    name: str
    lead: str
    head: str
    items: tuple[Item, ...] | None = None
    foot: str = ""
    close: str = ""
    trail: str = ""
    indent: str | None = None
    scalars: tuple[ScalarShape, ...] = ()
    at: int = field(default=0, compare=False)
    group: int | None = field(default=None, compare=False)
    layout: Layout = "kept"

    @property
    def children(self) -> tuple[Item, ...]:
        """The items of a message; none for a field."""
        return self.items or ()


@dataclass(frozen=True)
class Draft:
    """A whole text as items, where in it each of them begins and ends, and how its lines end."""

    items: tuple[Item, ...]
    spans: tuple[tuple[int, int], ...]
    newline: str


def draft_of(document: Document, lists: frozenset[str] = frozenset()) -> Draft:
    """Take a document apart.

    A list of messages (`name: [{ ... }, { ... }]`) is one field, to be left alone, unless its name
    is in `lists`: then each element is an item of its own, written without the list.
    """
    reader = _Reader(document, lists)
    items, spans, _ = reader.items(document.fields, 0, len(document.text))
    return Draft(tuple(items), tuple(spans), newline_of(document.text))


def edits_of(draft: Draft, items: Sequence[Item]) -> list[Edit]:
    """The edits that make the text of a draft that of `items`.

    Items that are the draft's own and in its order stay untouched.
    """
    places = {id(item): index for index, item in enumerate(draft.items)}
    touched_groups = {item.group for item in draft.items if item.group is not None} - _whole_groups(
        draft, items
    )
    edits: list[Edit] = []
    done = 0  # Items of the draft that are dealt with.
    new: list[Item] = []
    for item in items:
        place = places.get(id(item))
        if place is None or place < done or item.group in touched_groups:
            new.append(item)
            continue
        edits += _replaced(draft, done, place, new)
        done, new = place + 1, []
    return [*edits, *_replaced(draft, done, len(draft.items), new)]


def _whole_groups(draft: Draft, items: Sequence[Item]) -> set[int | None]:
    """The lists of messages all of whose elements are as they were."""
    kept = {id(item) for item in items}
    touched = {item.group for item in draft.items if id(item) not in kept}
    return {item.group for item in draft.items} - touched


def _replaced(draft: Draft, first: int, last: int, new: list[Item]) -> Iterator[Edit]:
    """The edit that puts new items in the place of the draft's from `first` up to `last`."""
    if first == last and not new:
        return
    before = draft.items[first - 1] if first else None
    start = draft.spans[first - 1][1] if before else 0
    end = draft.spans[last - 1][1] if last else 0
    text = render_items(new, before.trail if before else "")
    behind = draft.items[last].lead if last < len(draft.items) else "\n"
    left = new[-1].trail if new else before.trail if before else ""
    if _ends_in_comment(left) and not breaks_line(behind):
        text += "\n"
    # A line broken for the sake of a comment ends as all others do.
    yield Edit(start, end, text if draft.newline == "\n" else _LONE.sub("\r\n", text))


def render_items(items: Iterable[Item], before: str = "") -> str:
    """The text of items, one behind the other; `before` is what stands in front of them."""
    text = before
    parts: list[str] = []
    for item in items:
        rendered = render_item(item)
        # A comment reaches to the end of its line, so what comes next needs a line of its own.
        if _ends_in_comment(text) and not breaks_line(rendered):
            rendered = "\n" + rendered
        parts.append(rendered)
        text = item.trail
    return "".join(parts)


def render_item(item: Item) -> str:
    """The text of an item with what stands around it."""
    if item.items is None:
        return item.lead + item.head + item.trail
    inner = render_items(item.items)
    foot = item.foot
    last = item.items[-1].trail if item.items else ""
    if _ends_in_comment(last) and not breaks_line(foot):
        foot = "\n" + (item.indent or "")
    return item.lead + item.head + inner + foot + item.close + item.trail


def _ends_in_comment(text: str) -> bool:
    return "#" in text.rsplit("\n", 1)[-1]


def breaks_line(text: str) -> bool:
    """Whether a stretch of blanks and comments ends the line it begins on, before any comment."""
    return text.lstrip(BLANKS).startswith("\n")


class _Reader:
    def __init__(self, document: Document, lists: frozenset[str]) -> None:
        self.document = document
        self.text = document.text
        self.lists = lists
        self.newline = newline_of(document.text)

    def items(
        self, nodes: tuple[Node, ...], start: int, end: int
    ) -> tuple[list[Item], list[tuple[int, int]], str]:
        """The items of nodes between two offsets, their spans, and what is left behind them."""
        items: list[Item] = []
        spans: list[tuple[int, int]] = []
        index = 0
        while index < len(nodes):
            node = nodes[index]
            if isinstance(node, Message) and node.shape.listed:
                elements = self.list_at(nodes, index)
                found, start = self.listed(elements, start, end)
                items += (item for item, _ in found)
                spans += (span for _, span in found)
                index += len(elements)
                continue
            behind = self.behind(node.end, end)
            items.append(self.item(node, start, node.start, behind))
            spans.append((start, behind))
            start = behind
            index += 1
        return items, spans, self.text[start:end]

    def item(self, node: Node, start: int, at: int, behind: int) -> Item:
        text = self.text
        indent = self.indent(at)
        lead, trail = text[start:at], text[node.end : behind]
        if isinstance(node, Field):
            scalars = tuple(
                ScalarShape(s.kind, s.value, s.start - at, s.end - at) for s in node.scalars
            )
            head = text[at : node.end]
            return Item(
                node.name, lead, head, trail=trail, indent=indent, scalars=scalars, at=node.start
            )
        items, _, foot = self.items(node.fields, node.open_end, node.close_start)
        return Item(
            node.name,
            lead,
            text[at : node.open_end],
            tuple(items),
            foot,
            text[node.close_start : node.end],
            trail,
            indent,
            at=node.start,
        )

    def behind(self, end: int, limit: int) -> int:
        """Behind the separator of a node, and behind the comment after that on its line."""
        end = behind_separator(self.text, end, limit)
        comment = COMMENT_BEHIND.match(self.text, end, limit)
        return comment.end() if comment else end

    def indent(self, at: int) -> str | None:
        # Going back over blanks alone: a line may be as long as the text.
        first = at
        while first and self.text[first - 1] in BLANKS:
            first -= 1
        begins = first == 0 or self.text[first - 1] in "\n\ufeff"
        return self.text[first:at] if begins else None

    def list_at(self, nodes: tuple[Node, ...], first: int) -> list[Message]:
        """The messages of the list whose first element is `nodes[first]`."""
        elements: list[Message] = []
        for node in nodes[first:]:
            if not isinstance(node, Message) or not node.shape.listed:
                break
            between = self.text[elements[-1].end : node.start] if elements else ""
            if "[" in _COMMENT.sub("", between):
                break
            elements.append(node)
        return elements

    def listed(
        self, elements: list[Message], start: int, limit: int
    ) -> tuple[list[tuple[Item, tuple[int, int]]], int]:
        text = self.text
        gap = _GAP.match(text, start)
        begin = gap.end() if gap else start
        close = _LIST_END.match(text, elements[-1].end)
        end = close.end() if close else elements[-1].end
        behind = self.behind(end, limit)
        name, indent = elements[0].name, self.indent(begin)
        if name not in self.lists:
            whole = Item(
                name, text[start:begin], text[begin:end], trail=text[end:behind], indent=indent
            )
            return [(whole, (start, behind))], behind
        found: list[tuple[Item, tuple[int, int]]] = []
        newline = self.newline
        for element in elements:
            last = element is elements[-1]
            raw = self.item(element, element.start, element.start, element.end)
            single = replace(raw, head=f"{name} {raw.head}", group=begin)
            comments = comments_in(text[start : element.start])
            lead = (newline + indent if indent is not None else " ") if found else text[start:begin]
            fresh = comments[len(comments_in(lead)) :]
            if indent is not None:
                single = reindented(single, indent)
                lead = above(lead, fresh, newline, indent)
            else:
                single = replace(single, indent=None)
                lead += "".join(f"{comment}{newline}" for comment in fresh)
            stop = behind if last else element.end
            behind_it = comments_in(text[element.end : stop])
            trail = f"{newline}{indent or ''}".join(f"  {comment}" for comment in behind_it)
            found.append((replace(single, lead=lead, trail=trail), (start, stop)))
            start = stop
        return found, behind


def above(lead: str, comments: Sequence[str], newline: str, indent: str) -> str:
    """A lead with more comment lines, directly above the item."""
    if not comments:
        return lead
    line_start = lead.rfind("\n") + 1
    lines = "".join(indent + comment + newline for comment in comments)
    return lead[:line_start] + lines + indent


def without_blank_lines(lead: str) -> str:
    """A lead without the blank lines that it begins with."""
    return _BLANK_LINES.sub("", lead)


def all_comments(item: Item) -> list[str]:
    """Every comment in and around an item, in the order of the text."""
    found = [*comments_in(item.lead), *comments_in(item.head)]
    for child in item.children:
        found += all_comments(child)
    return [*found, *comments_in(item.foot), *comments_in(item.trail)]


def reindented(item: Item, indent: str) -> Item:
    """An item whose lines below its first begin with `indent` where they began with its own."""
    if item.indent is None or item.indent == indent:
        return replace(item, indent=indent)
    return _shifted(item, "\n" + item.indent, "\n" + indent)


def _shifted(item: Item, old: str, new: str) -> Item:
    own = None if item.indent is None else ("\n" + item.indent).replace(old, new, 1)[1:]
    return replace(
        item,
        lead=item.lead.replace(old, new),
        head=item.head.replace(old, new),
        scalars=tuple(_shifted_scalar(item.head, scalar, old, new) for scalar in item.scalars),
        items=None if item.items is None else tuple(_shifted(i, old, new) for i in item.items),
        foot=item.foot.replace(old, new),
        trail=item.trail.replace(old, new),
        indent=own,
    )


def _shifted_scalar(head: str, scalar: ScalarShape, old: str, new: str) -> ScalarShape:
    start = len(head[: scalar.start].replace(old, new))
    return scalar._replace(start=start, end=len(head[: scalar.end].replace(old, new)))
