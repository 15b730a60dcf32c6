"""From text to tree, a line at a time.

What a line's tokens are depends on that line alone, and nets repeat their lines: each distinct
line that is whole (one or more of `name: value`, `name {` and `}`) is understood once and kept
(`regular.py`). Everything else is a stretch for the grammar's parser (`stretch.py`).
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from protofix.textproto.bracket_mendings import closing, opening, taking_away, together
from protofix.textproto.brackets import Brackets, Gap, brackets_by_indentation
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.grammar import terminals
from protofix.textproto.literals import clip
from protofix.textproto.regular import keep, known_lines, learn
from protofix.textproto.source import BLANKS, Source
from protofix.textproto.swallowed import Swallowed
from protofix.textproto.tree import (
    MAX_DEPTH,
    CloseShape,
    Diagnosis,
    Document,
    Field,
    FieldShape,
    Message,
    Node,
    OpenShape,
    SeparatorShape,
    Shape,
    TooDeepError,
)
from protofix.textproto.unopened import unopened_layer

_CLOSING = {"{": "}", "<": ">"}
_ALL_THERE = Brackets({}, frozenset(), None, False)

# A message that is open, where it stands, and the fields around it.
_Open = tuple[OpenShape, int, list[Node]]


def read(source: Source) -> Document:
    """Read a text. Mistakes are in the document's `diagnoses`, in the order of the text.

    Whatever can be made out around a mistake is in the tree. The cost grows with the length of
    the text alone.
    """
    with _no_garbage_collection():
        reader = _Reader(source)
        document = reader.read()
        again = reader.read_by_indentation() if reader.unbalanced else None
        return document if again is None else again


def read_as_indented(source: Source, doubtful: Iterable[int]) -> Document | None:
    """Read a text whose brackets pair up, but that makes no sense at some offsets.

    It is read as it is indented, with a diagnosis for each bracket that this calls missing or too
    many; None if the indentation says the same as the brackets, or is in no order.
    """
    with _no_garbage_collection():
        reader = _Reader(source)
        reader.read()
        document = reader.read_by_indentation(doubtful)
    if document is None:
        return None
    diagnoses = tuple(together(source.text, document.diagnoses))
    return replace(document, diagnoses=diagnoses)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hold the collector back: a tree has no cycles, and looking for them took two thirds of the
    time of reading the test corpus."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Reader:
    def __init__(self, source: Source, brackets: Brackets = _ALL_THERE) -> None:
        self.source = source
        self.brackets = brackets
        self.diagnoses: list[Diagnosis] = []
        self.said: set[int] = set()
        self.last_separator = -1
        self.unbalanced = False
        self.unopened: set[int] = set()
        self.swallowed = Swallowed(source)

    def read(self) -> Document:
        known = known_lines
        # What Field(shape, base) comes down to, without a call through Python for every line.
        new = tuple.__new__
        fields: list[Node] = []
        stack: list[_Open] = []
        offset = 0
        gaps = self.brackets.gaps
        lines = enumerate(self.source.lines)
        for row, line in lines:
            base = offset
            offset += len(line) + 1
            if gaps and row in gaps:
                fields = self._close_before(gaps[row], stack, fields)
            shapes = known.get(line)
            if shapes is None:
                shapes = learn(line)
            if shapes is None:
                try:
                    shapes, base, taken = self._irregular(row, line, base, fields)
                except TooDeepError as error:
                    return self._too_deep(error.start, stack, fields)
                for _ in range(taken - 1):
                    offset += len(next(lines)[1]) + 1
            for shape in shapes:
                if type(shape) is FieldShape:
                    fields.append(new(Field, (shape, base)))
                elif type(shape) is OpenShape:
                    stack.append((shape, base, fields))
                    fields = []
                    if shape.end == shape.name_end and not shape.listed:
                        self.unopened.add(base + shape.end)
                    if len(stack) > MAX_DEPTH:
                        return self._too_deep(base + shape.end - 1, stack, fields)
                elif type(shape) is CloseShape:
                    if not stack and self._unopened_layer(shape, base, fields):
                        continue
                    if not stack or base + shape.start in self.brackets.extra:
                        self._extra_close(shape, base, stack, fields)
                        continue
                    opened, opened_base, outer = stack.pop()
                    if shape.bracket != _CLOSING[opened.bracket]:
                        self._wrong_close(opened, opened_base, shape, base)
                    start, end = base + shape.start, base + shape.end
                    outer.append(Message(opened, opened_base, tuple(fields), start, end))
                    fields = outer
                elif type(shape) is SeparatorShape:
                    self._lone_separator(base + shape.start, fields)
        end = len(self.source.text)
        if stack:
            self._never_closed(stack)
        return self._document(_closed(stack, fields, len(stack), end))

    def read_by_indentation(self, doubtful: Iterable[int] = ()) -> Document | None:
        """Read the text again, its brackets paired as it is indented; None if they already are."""
        # Brackets that were taken for slips do not count.
        stray = {
            it.start for it in self.diagnoses if it.kind == "unexpected" and _is_taken_away(it)
        }
        brackets = brackets_by_indentation(self.source, self.unopened, stray, doubtful)
        if brackets is None:
            return None
        # Where more is wrong than brackets, those that there are may be wrong too.
        alone = all(it.kind == "bracket" for it in self.diagnoses)
        return _Reader(self.source, brackets._replace(certain=brackets.certain and alone)).read()

    def _document(self, fields: list[Node]) -> Document:
        self.diagnoses.sort(key=lambda diagnosis: diagnosis.start)
        return Document(self.source, tuple(fields), tuple(self.diagnoses))

    def _irregular(
        self, row: int, line: str, base: int, fields: list[Node]
    ) -> tuple[tuple[Shape, ...], int, int]:
        """Read a stretch; give its shapes, where they stand, and the lines taken from `row` on."""
        # Only an irregular line needs Lark, and importing it takes longer than reading most nets.
        from protofix.textproto.stretch import read_stretch

        first_row, column, start = row, 0, base
        last = fields[-1] if fields else None
        if line.lstrip(BLANKS)[:1] in ("'", '"') and type(last) is Field and _may_go_on(last):
            # A string under a string: both are one value, so the field is read again with it.
            fields.pop()
            start = last.start
            first_row = self.source.position(start).line - 1
            column = self.source.position(start).column - 1
        try:
            stretch = read_stretch(self.source.lines, first_row, column, row - first_row)
        except TooDeepError as error:
            raise TooDeepError(start + error.start) from None
        taken = stretch.lines - (row - first_row)
        for found in stretch.diagnoses:
            self._take(found.moved(start))
        if stretch.lines == 1 and not column and not stretch.diagnoses:
            keep(line, stretch.shapes)
        return stretch.shapes, start, taken

    def _take(self, found: Diagnosis) -> None:
        """Add a diagnosis, and note what a string has swallowed."""
        if found.kind == "string":
            self.swallowed.take(found)
            if found.mending is not None and found.end == len(self.source.text):
                # A text that breaks off in a string may have been cut there.
                found = found._replace(mending=found.mending._replace(certain=False))
        self.said.add(found.start)
        self.diagnoses.append(found)

    def _say(
        self, start: int, end: int, kind: str, message: str, mending: Mending | None = None
    ) -> None:
        self.said.add(start)
        self.diagnoses.append(Diagnosis(start, end, kind, message, mending))

    def _said_at(self, start: int) -> bool:
        return start in self.said

    def _too_deep(self, start: int, stack: list[_Open], fields: list[Node]) -> Document:
        """Say that a bracket is one too deep; what stands before it is all that is read."""
        message = f"messages are nested more than {MAX_DEPTH} deep; what follows was not read"
        self._say(start, start + 1, "depth", message)
        self.unbalanced = False  # Of what was not read nobody knows.
        return self._document(_closed(stack, fields, len(stack), start))

    def _close_before(self, gap: Gap, stack: list[_Open], fields: list[Node]) -> list[Node]:
        """Close what should have been closed before a line; give the fields that are then open."""
        count = min(len(gap.opened), len(stack))
        if not count:
            return fields
        unsaid = self._unsaid(stack, count)
        if not unsaid or self._is_swallowed(unsaid):
            return _closed(stack, fields, count, gap.start)
        said = self._expected(unsaid)
        found = self.source.text[gap.start : gap.end]
        if found in ("}", ">") and count < len(stack):
            found_of = self._opened(stack[-count - 1][0], stack[-count - 1][1])
            said += f", found the `{found}` {found_of}"
        else:
            said += f", found `{clip(found)}`"
        mending = closing(self.source, gap, self.brackets.certain)
        self._say(gap.start, gap.end, "bracket", said, mending)
        return _closed(stack, fields, count, gap.start)

    def _unopened_layer(self, shape: CloseShape, base: int, fields: list[Node]) -> bool:
        """Whether a bracket closes a layer whose first line was forgotten; it is said, and read."""
        if shape.bracket != "}" or self.swallowed.any_opening():
            return False
        found = unopened_layer(self.source.text, fields)
        if found is None:
            return False
        name, first = found
        start, end = base + shape.start, base + shape.end
        node = fields[first]
        line = self.source.position(start).line
        said = f"`{name} {{` is missing here: the `}}` of line {line} closes it"
        mending = opening(self.source, name, node.start, start)
        self._say(node.start, node.end, "bracket", said, mending)
        opened = OpenShape(name, node.start, node.start, "{", node.start, False)
        fields[first:] = [Message(opened, 0, tuple(fields[first:]), start, end)]
        return True

    def _extra_close(
        self, shape: CloseShape, base: int, stack: list[_Open], fields: list[Node]
    ) -> None:
        """Say that a bracket closes nothing, though it may stand within a message."""
        self.unbalanced = True
        start, end = base + shape.start, base + shape.end
        if self._said_at(start):
            return
        if stack:
            swallowed = self.swallowed.opening_within(stack[0][1] + stack[0][0].start)
        else:
            swallowed = self.swallowed.opening_at_top(fields)
        if swallowed:
            return
        message = f"expected a field name, found `{shape.bracket}`: nothing is open here"
        if stack:
            message = f"`{shape.bracket}` is one too many: by the indentation it closes nothing"
        certain = self.brackets.certain and start in self.brackets.extra
        mending = taking_away(self.source, start, end, certain)
        self._say(start, end, "bracket", message, mending)

    def _wrong_close(
        self, opened: OpenShape, opened_base: int, shape: CloseShape, base: int
    ) -> None:
        right = _CLOSING[opened.bracket]
        message = f"expected `{right}` {self._opened(opened, opened_base)}, found `{shape.bracket}`"
        start, end = base + shape.start, base + shape.end
        mending = Mending(f"write `{right}`", (Edit(start, end, right),), True)
        self._say(start, end, "bracket", message, mending)

    def _never_closed(self, stack: list[_Open]) -> None:
        self.unbalanced = True
        end = len(self.source.text)
        unsaid = self._unsaid(stack, len(stack))
        if unsaid and not self._said_at(end) and not self._is_swallowed(unsaid):
            message = f"{self._expected(unsaid)}, found the end of the file"
            gap = self.brackets.at_end
            mending = None
            if gap is not None:
                # All of a text on one line may be missing it anywhere.
                behind = self.source.text[unsaid[-1][1] : end]
                alone = len(gap.opened) == 1 and "\n" in behind.strip()
                certain = self.brackets.certain and alone
                mending = closing(self.source, gap, certain)
            self._say(end, end, "bracket", message, mending)

    def _unsaid(self, stack: list[_Open], count: int) -> list[_Open]:
        """Of the innermost messages those whose bracket was not said to be wrong itself."""
        return [
            (opened, base, fields)
            for opened, base, fields in stack[-count:]
            if opened.name or not self._said_at(base + opened.start)
        ]

    def _is_swallowed(self, never_closed: list[_Open]) -> bool:
        """Whether what closes these messages may be in strings that they hold."""
        opened, base, _ = never_closed[0]
        return self.swallowed.closing(len(never_closed), base + opened.start)

    def _expected(self, open_messages: list[_Open]) -> str:
        opened, opened_base, _ = open_messages[-1]
        around = len(open_messages) - 1
        more = f" (and {around} around it)" if around else ""
        right = _CLOSING[opened.bracket]
        return f"expected `{right}` {self._opened(opened, opened_base)}{more}"

    def _opened(self, opened: OpenShape, opened_base: int) -> str:
        line = self.source.position(opened_base + opened.start).line
        name = f"{opened.name} " if opened.name else ""
        return f"for `{name}{opened.bracket}` of line {line}"

    def _lone_separator(self, start: int, fields: list[Node]) -> None:
        """Judge a separator that does not stand on the line of what it follows."""
        character = self.source.text[start]
        # Behind another separator this one is wrong, whatever lies between.
        alone = bool(fields) and fields[-1].end > self.last_separator
        self.last_separator = start
        between = self.source.text[fields[-1].end : start] if alone else character
        comment = terminals()["COMMENT"]
        between = re.sub(comment, "", between)
        if fields and type(fields[-1]) is Message and fields[-1].shape.listed:
            between = between.replace("]", "", 1)  # The end of the list it was in.
        if between.strip():
            message = f"expected a field name, found `{character}`"
            self._say(start, start + 1, "unexpected", message)


def _is_taken_away(found: Diagnosis) -> bool:
    """Whether the mending of a mistake takes away what is wrong."""
    removal = Edit(found.start, found.end, "")
    return found.mending is not None and found.mending.edits == (removal,)


def _closed(stack: list[_Open], fields: list[Node], count: int, end: int) -> list[Node]:
    """Close the innermost messages at `end`; give the fields that are then open."""
    for _ in range(count):
        opened, base, outer = stack.pop()
        outer.append(Message(opened, base, tuple(fields), end, end))
        fields = outer
    return fields


def _may_go_on(field: Field) -> bool:
    """Whether a string behind this field would belong to its value."""
    shape = field.shape
    return not shape.listed and not shape.separated and shape.scalars[-1].kind == "string"
