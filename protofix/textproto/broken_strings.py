"""Broken strings: quotes that are missing, too many or of another kind, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from protofix.textproto.edits import Edit, Mending
from protofix.textproto.grammar import terminals
from protofix.textproto.source import BLANKS
from protofix.textproto.tree import Diagnosis


class Slip(NamedTuple):
    """What is wrong, where it ends, and the token it stands for: its kind and its text.

    Offsets are those of the line. What stands for no token has "" for its kind. A string that is
    `unclosed` may go on below.
    """

    diagnosis: Diagnosis
    end: int
    token: str
    text: str
    unclosed: bool = False


CLOSED_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_NEXT_FIELD = r"[A-Za-z_]\w*[ \t]*(?::[ \t]*[\"'0-9.{A-Z-]|:[ \t]*(?:true|false)\b|\{)"
# Where a string ends whose quote is missing: before what cannot be meant to be in it.
_END_OF_STRING = re.compile(rf"(?<![ \t])[ \t]+(?=[{{}}]|#|{_NEXT_FIELD}|\r?$)|\r?$")
_SWALLOWED = re.compile(r"(?:^|[ \t])(?:[A-Za-z_]\w*[ \t]*:[ \t]*$|#)")
_BEGINS_FIELD = re.compile(r"[ \t]*[A-Za-z_]\w*[ \t]*[:{<]")
_DOUBLED_QUOTE = re.compile(r"([\"'])\1[^\"'\\]+\1(?![\"'])")
# How many lines a string may go over: more are hardly meant to be one.
_MOST_LINES = 60
_CODE_BRACKET = re.compile(r"[{}()\[\]]")
_CALLED = re.compile(r"[ \t]*[\w.]*")
_PATH = re.compile(r"(?<![\w./+-])([\w./+-]+)([\"']?)(?=[\s#,;}]|$)")
_WORD_BEFORE = re.compile(r"(?<=[:\s])[\w./+-]+$")
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\uff07`\u00b4"
PLAIN_QUOTES = dict.fromkeys(_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'")
TYPOGRAPHIC_STRING = re.compile(
    rf"[{_DOUBLE}][^\"\\{_DOUBLE}]*[\"{_DOUBLE}]|[{_SINGLE}][^'\\{_SINGLE}]*['{_SINGLE}]"
)


def slip_in_string(line: str, string: re.Match[str]) -> Slip | None:
    """What is wrong with a string that the grammar takes; None if nothing is.

    `name: "conv1 type: "ReLU"` reads as a string `conv1 type: ` with a word right behind it, and
    `name: ""conv1"` as one without content.
    """
    start, end = string.span()
    behind = line[end : end + 1]
    if not (behind.isalnum() or behind in ("/", ".", "_")) or not behind:
        return None
    quoting = _quoting_string(line, start)
    if quoting is not None:
        return quoting
    if _SWALLOWED.search(line, start + 1, end - 1):
        return unclosed_string(line, start)
    doubled = _DOUBLED_QUOTE.match(line, start)
    if doubled is None:
        return None
    mending = Mending("take the second quote away", (Edit(start, start + 1, ""),), True)
    diagnosis = Diagnosis(start, doubled.end(), "string", "a string with a quote too many", mending)
    return Slip(diagnosis, doubled.end(), "STRING", doubled.group()[1:])


def _quoting_string(line: str, start: int) -> Slip | None:
    """A string of code, in brackets, that has its own quote inside: `"{"classes": 4}"`.

    It ends at the quote behind the bracket that pairs with its first.
    """
    quote = line[start]
    content = _code_from(line, start + 1)
    if content is None or quote not in content or line[start + 1 + len(content) :][:1] != quote:
        return None
    other = "'" if quote == '"' else '"'
    last = start + 1 + len(content)
    if re.search(rf"(?<!\\){other}", content) is None:
        edits: tuple[Edit, ...] = (Edit(start, start + 1, other), Edit(last, last + 1, other))
        title, text = f"write `{other}` around it", f"{other}{content}{other}"
    else:
        inner = [m.start() for m in re.finditer(rf"(?<!\\){quote}", content)]
        edits = tuple(Edit(start + 1 + at, start + 1 + at, "\\") for at in inner)
        title = f"write `\\{quote}` inside it"
        text = quote + re.sub(rf"(?<!\\){quote}", rf"\\{quote}", content) + quote
    if re.fullmatch(terminals()["STRING"], text) is None:
        return None
    message = f"a quote inside the string: write `\\{quote}`, or put `{other}` around it"
    diagnosis = Diagnosis(start, last + 1, "string", message, Mending(title, edits, True))
    return Slip(diagnosis, last + 1, "STRING", text)


def _code_from(line: str, start: int) -> str | None:
    """What is in brackets from `start` on, as `{...}` or `dict(...)`, with the blanks around."""
    depth = 0
    for bracket in _CODE_BRACKET.finditer(line, start):
        if not depth and not _CALLED.fullmatch(line, start, bracket.start()):
            return None
        depth += 1 if bracket.group() in "{[(" else -1
        if depth <= 0:
            end = bracket.end()
            while line[end : end + 1] in (" ", "\t"):
                end += 1
            return None if depth else line[start:end]
    return None


def lines_of_string(slip: Slip, lines: Sequence[str], row: int) -> int:
    """How many lines a string takes that is not closed on its own, at `row`."""
    to_the_end = slip.end >= len(lines[row].rstrip(BLANKS))
    if not slip.unclosed or not to_the_end:
        return 1
    quote = slip.text[0]
    for taken, line in enumerate(lines[row + 1 : row + _MOST_LINES], start=2):
        if _BEGINS_FIELD.match(line) or line.strip(BLANKS)[:1] in ("", "#"):
            break
        if quote in line:
            kept = line.rstrip(BLANKS + ",;")
            return taken if kept[-1:] == quote and kept.count(quote) == 1 else 1
        if not line.strip(BLANKS + "{}<>"):
            break
    return 1


def unclosed_string(line: str, start: int) -> Slip:
    """A string whose closing quote is missing; it ends before what cannot be meant to be in it."""
    quote = line[start]
    found = _END_OF_STRING.search(line, start + 1)
    end = found.start() if found else len(line)
    end -= _swallowed_brackets(line, start, end)
    content = line[start + 1 : end]
    word = _WORD_BEFORE.search(line, 0, start)
    if not content and word is not None:
        return _unopened_string(line, word, start)
    if not content and start and line[start - 1] == quote:
        return _quote_too_many(start, end)
    other = content[-1:] in ("'", '"') or content[-1:] in PLAIN_QUOTES
    body = content[:-1] if other else content.rstrip(",;")
    behind = start + 1 + len(body) + other
    escaping = (len(body) - len(body.rstrip("\\"))) % 2 == 1
    body = body[:-1] if escaping else body
    edit = Edit(start + 1 + len(body), behind, quote)
    plain = re.fullmatch(r"[\w./+:-]+", body) is not None and not escaping
    certain = plain and (other or body == content)
    title = f"close the string with `{quote}`"
    message = "a string that is not closed on its line"
    mending = Mending(title, (edit,), certain) if body else None
    diagnosis = Diagnosis(start, end, "string", message, mending)
    return Slip(diagnosis, end, "STRING", f"{quote}{body}{quote}", unclosed=True)


def _swallowed_brackets(line: str, start: int, end: int) -> int:
    """How many brackets at the end of a string that is not closed close what its line opened."""
    before = CLOSED_STRING.sub("", line[:start])
    opened = before.count("{") - before.count("}")
    content = line[start + 1 : end]
    own = content.count("}") - content.count("{")
    glued = len(content) - len(content.rstrip("}"))
    return max(0, min(opened, own, glued))


def _quote_too_many(start: int, end: int) -> Slip:
    mending = Mending("take the second quote away", (Edit(start, end, ""),), True)
    said = "a string with a quote too many"
    return Slip(Diagnosis(start, end, "string", said, mending), end, "", "")


def _unopened_string(line: str, word: re.Match[str], quote_at: int) -> Slip:
    quote = line[quote_at]
    message = f"a string without the `{quote}` that opens it"
    edit = Edit(word.start(), word.start(), quote)
    mending = Mending(f"open the string with `{quote}`", (edit,), True)
    end = quote_at + 1
    diagnosis = Diagnosis(word.start(), end, "string", message, mending)
    return Slip(diagnosis, end, "STRING", quote + quote)


def unquoted_path(line: str, start: int) -> Slip | None:
    """A path without its quotes, or without the first of them, that has a `/` at `start`."""
    word = _WORD_BEFORE.search(line, 0, start)
    begin = word.start() if word is not None else start
    path = _PATH.match(line, begin)
    if path is None or "//" in path[1] or not line[:begin].rstrip(BLANKS).endswith(":"):
        return None
    quote = path[2] or '"'
    closing = () if path[2] else (Edit(path.end(), path.end(), quote),)
    mending = Mending(f"write `{quote}` around it", (Edit(begin, begin, quote), *closing), True)
    lacks = f"the `{quote}` that opens it" if path[2] else "quotes"
    diagnosis = Diagnosis(begin, path.end(), "string", f"a string without {lacks}", mending)
    return Slip(diagnosis, path.end(), "STRING", f"{quote}{path[1]}{quote}")


def bad_escape(closed: re.Match[str]) -> Slip:
    """A string with an escape that the format does not have."""
    text, start = closed.group(), closed.start()
    mending = None
    if "\0" in text:
        message = f"a NUL character in a string, at column {start + text.index(chr(0)) + 1}"
    else:
        good = re.compile(terminals()["STRING"])
        escapes = re.finditer(r"\\(?:x[0-9A-Fa-f]{1,2}|[uU][0-9A-Fa-f]{0,8}|.)", text)
        bad = next(m for m in escapes if not good.fullmatch(f'"{m.group()}"'))
        column = start + bad.start() + 1
        message = f"`{bad.group()}` at column {column} is no escape; write `\\\\` for a backslash"
        # Of a path like "C:\data\new" the `\n` was meant no more than the `\d`.
        singles = re.finditer(r"\\\\|\\(?![\"'])", text)
        edits = tuple(
            Edit(start + one.start(), start + one.start(), "\\")
            for one in singles
            if one.group() == "\\"
        )
        mending = Mending("double the backslashes", edits, False) if edits else None
    diagnosis = Diagnosis(start, closed.end(), "string", message, mending)
    return Slip(diagnosis, closed.end(), "STRING", text)


def typographic_string(found: re.Match[str]) -> Slip:
    """A string in typographic quotes."""
    start, end = found.span()
    opening, closing = found.group()[0], found.group()[-1]
    plain = PLAIN_QUOTES[opening]
    edits = (Edit(start, start + 1, plain), Edit(end - 1, end, plain))
    both = f"`{opening}`" if closing in (opening, plain) else f"`{opening}` and `{closing}`"
    are = "is a typographic quote" if " and " not in both else "are typographic quotes"
    mending = Mending(f"write `{plain}`", edits, True)
    diagnosis = Diagnosis(start, end, "character", f"{both} {are}: write `{plain}`", mending)
    return Slip(diagnosis, end, "STRING", f"{plain}{found.group()[1:-1]}{plain}")
