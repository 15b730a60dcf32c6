"""What is no token, and the token that was meant: broken strings and numbers, stray characters.

A slip is told from its line alone. Where what was meant is plain, the reader goes on as if it stood
there, so that a slip is said once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from protofix.textproto.edits import Edit, Mending
from protofix.textproto.grammar import terminals
from protofix.textproto.literals import clip
from protofix.textproto.source import BLANKS, BYTE_ORDER_MARK, is_stray_byte
from protofix.textproto.tree import Diagnosis


class Slip(NamedTuple):
    """What is wrong, where it ends, and the token it stands for: its kind and its text.

    Offsets are those of the line. What stands for no token has "" for its kind.
    """

    diagnosis: Diagnosis
    end: int
    token: str
    text: str


_CLOSED_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
# What a mistaken number reaches to, so that one mistake is one diagnosis.
_BROKEN_NUMBER = re.compile(r"\.?[0-9](?:[eE][-+]|[0-9A-Za-z_.])*")
_NUMBER_THEN_NAME = re.compile(r"((?:0[0-7]*|[1-9][0-9]*)(?:\.[0-9]*)?)(?=[A-Za-z_])(?![eExXfF])")
_STRAY = re.compile(r"//.*|/\*.*?\*/|/\*.*|[^ \t\r\v\fA-Za-z0-9_\"'#:;,.{}<>\[\]-]+|.")

_NEXT_FIELD = r"[A-Za-z_]\w*[ \t]*(?::[ \t]*[\"'0-9.{A-Z-]|:[ \t]*(?:true|false)\b|\{)"
# Where a string ends whose quote is missing: before what cannot be meant to be in it.
_END_OF_STRING = re.compile(rf"(?<![ \t])[ \t]+(?=[{{}}]|#|{_NEXT_FIELD}|\r?$)|\r?$")
_SWALLOWED = re.compile(r"(?:^|[ \t])(?:[A-Za-z_]\w*[ \t]*:[ \t]*$|#)")
_BEGINS_FIELD = re.compile(r"[ \t]*[A-Za-z_]\w*[ \t]*[:{<]")
_DOUBLED_QUOTE = re.compile(r"([\"'])\1[^\"'\\]+\1(?![\"'])")
_UNCLOSED = "a string that is not closed"
# Lest a text that begins a thousand comments and ends none takes long.
_MOST_LINES_OF_COMMENT = 1000
# How many lines a string may go over: more are hardly meant to be one.
_MOST_LINES = 60
_DECIMAL_COMMA = re.compile(r"([0-9]+),([0-9]+)(?![\w.])(?![ \t]*,)")
_CODE_BRACKET = re.compile(r"[{}()\[\]]")
_CALLED = re.compile(r"[ \t]*[\w.]*")
_PATH = re.compile(r"(?<![\w./+-])([\w./+-]+)([\"']?)(?=[\s#,;}]|$)")
_WORD_BEFORE = re.compile(r"(?<=[:\s])[\w./+-]+$")

_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\uff07`\u00b4"
_PLAIN_QUOTES = dict.fromkeys(_DOUBLE, '"') | dict.fromkeys(_SINGLE, "'")
_TYPOGRAPHIC_STRING = re.compile(
    rf"[{_DOUBLE}][^\"\\{_DOUBLE}]*[\"{_DOUBLE}]|[{_SINGLE}][^'\\{_SINGLE}]*['{_SINGLE}]"
)
# Signs of other scripts that look like those of the format, and which tokens those are.
_LOOK_ALIKES = {
    "\uff1a": (":", "COLON"),
    "\uff0c": (",", "COMMA"),
    "\uff1b": (";", "SEMICOLON"),
    "\uff5b": ("{", "LBRACE"),
    "\uff5d": ("}", "RBRACE"),
    "\u2212": ("-", "MINUS"),
    "\u2013": ("-", "MINUS"),
}
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_NO_BREAK_SPACE = "\xa0"


def slip_at(line: str, start: int, first: bool) -> Slip:
    """What is wrong at `start` of a line; `first` is that of the text, which may begin with a mark.

    No token of the grammar is there.
    """
    character = line[start]
    if character in "\"'":
        closed = _CLOSED_STRING.match(line, start)
        return unclosed_string(line, start) if closed is None else _bad_escape(closed)
    number = _BROKEN_NUMBER.match(line, start)
    if (number and character != ".") or (number and line[start - 1 : start] != "_"):
        return _bad_number(line, start, number)
    if character == BYTE_ORDER_MARK and first and start == 0:
        message = "a byte order mark, which Caffe refuses: save the file as UTF-8 without it"
        mending = Mending("take the byte order mark away", (Edit(0, 1, ""),), True)
        return Slip(Diagnosis(0, 1, "byte-order-mark", message, mending), 1, "", "")
    typographic = _TYPOGRAPHIC_STRING.match(line, start)
    if typographic is not None:
        return _typographic_string(typographic)
    return (_path(line, start) if character == "/" else None) or _stray(line, start)


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


def over_lines(slip: Slip, lines: Sequence[str], row: int) -> tuple[Slip, int]:
    """A slip of the line at `row`, and how many lines it takes.

    A string that is not closed takes those below it up to the one that ends with its quote, and a
    comment of C those up to its end.
    """
    if lines[row].startswith("/*", slip.diagnosis.start) and "*/" not in lines[row][: slip.end]:
        return _comment_over_lines(slip, lines, row)
    taken = _lines_of_string(slip, lines, row)
    if taken == 1:
        return slip, 1
    end = sum(len(line) + 1 for line in lines[row : row + taken - 1])
    end += len(lines[row + taken - 1].rstrip(BLANKS + ",;"))
    count = "two" if taken == 2 else str(taken)
    message = f"a string that goes over {count} lines: write it on one"
    diagnosis = slip.diagnosis._replace(end=end, message=message, mending=None)
    return slip._replace(diagnosis=diagnosis, end=end), taken


def _comment_over_lines(slip: Slip, lines: Sequence[str], row: int) -> tuple[Slip, int]:
    within = range(row + 1, min(len(lines), row + _MOST_LINES_OF_COMMENT))
    last = next((i for i in within if "*/" in lines[i]), None)
    if last is None:
        return slip, 1
    start = slip.diagnosis.start
    edits = [Edit(start, start + 2, "#")]
    offset = len(lines[row]) + 1
    for line in lines[row + 1 : last]:
        begin = offset + len(line) - len(line.lstrip(BLANKS))
        edits += [Edit(begin, begin, "# ")] if line.strip(BLANKS) else []
        offset += len(line) + 1
    said, _, behind = lines[last].partition("*/")
    begin = offset + len(said) - len(said.lstrip(BLANKS))
    end = offset + len(said) + 2
    if said.strip(BLANKS):
        edits += [Edit(begin, begin, "# "), Edit(offset + len(said.rstrip(BLANKS)), end, "")]
    else:
        edits += [Edit(offset - 1 - lines[last - 1].endswith("\r"), end, "")]
    plain = not behind.strip(BLANKS)
    mending = Mending("begin each line with `#`", tuple(edits), True) if plain else None
    message = "the format has no comments from `/*` to `*/`: begin each line with `#`"
    diagnosis = slip.diagnosis._replace(end=end, message=message, mending=mending)
    return slip._replace(diagnosis=diagnosis, end=end), last - row + 1


def _lines_of_string(slip: Slip, lines: Sequence[str], row: int) -> int:
    to_the_end = slip.end >= len(lines[row].rstrip(BLANKS))
    if slip.token != "STRING" or not slip.diagnosis.message.startswith(_UNCLOSED) or not to_the_end:
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
    other = content[-1:] in ("'", '"') or content[-1:] in _PLAIN_QUOTES
    body = content[:-1] if other else content.rstrip(",;")
    behind = start + 1 + len(body) + other
    escaping = (len(body) - len(body.rstrip("\\"))) % 2 == 1
    body = body[:-1] if escaping else body
    edit = Edit(start + 1 + len(body), behind, quote)
    plain = re.fullmatch(r"[\w./+:-]+", body) is not None and not escaping
    certain = plain and (other or body == content)
    title = f"close the string with `{quote}`"
    message = f"{_UNCLOSED} on its line"
    mending = Mending(title, (edit,), certain) if body else None
    diagnosis = Diagnosis(start, end, "string", message, mending)
    return Slip(diagnosis, end, "STRING", f"{quote}{body}{quote}")


def _swallowed_brackets(line: str, start: int, end: int) -> int:
    """How many brackets at the end of a string that is not closed close what its line opened."""
    before = _CLOSED_STRING.sub("", line[:start])
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


def _path(line: str, start: int) -> Slip | None:
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


def _bad_escape(closed: re.Match[str]) -> Slip:
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


def _bad_number(line: str, start: int, number: re.Match[str]) -> Slip:
    joined = _NUMBER_THEN_NAME.match(line, start)
    if joined:
        message = f"expected a space after the number `{joined.group()}`"
        whole = re.fullmatch(terminals()["INTEGER"], joined.group())
        diagnosis = Diagnosis(start, joined.end(), "number", message)
        return Slip(diagnosis, joined.end(), "INTEGER" if whole else "FLOAT", joined.group())
    text = number.group()
    diagnosis = Diagnosis(start, number.end(), "number", *_number_advice(text, start))
    return Slip(diagnosis, number.end(), "FLOAT", text)


def _number_advice(text: str, start: int) -> tuple[str, Mending | None]:
    clipped = clip(text)
    if re.fullmatch(r"0[0-9]+", text):
        decimal = text.lstrip("0")
        said = f"`{clipped}` begins with 0, so it is octal, and 8 and 9 are not: write {decimal}"
        edit = Edit(start, start + len(text), decimal)
        return said, Mending(f"write {clip(decimal)}", (edit,), True)
    if re.fullmatch(r"0[0-9]+\..*", text):
        return f"`{clipped}` is no number: octal numbers, which begin with 0, have no point", None
    if re.search(r"[eE][-+]?$", text):
        return f"`{clipped}` is no number: its exponent is missing", None
    return f"`{clipped}` is no number", None


def _typographic_string(found: re.Match[str]) -> Slip:
    start, end = found.span()
    opening, closing = found.group()[0], found.group()[-1]
    plain = _PLAIN_QUOTES[opening]
    edits = (Edit(start, start + 1, plain), Edit(end - 1, end, plain))
    both = f"`{opening}`" if closing in (opening, plain) else f"`{opening}` and `{closing}`"
    are = "is a typographic quote" if " and " not in both else "are typographic quotes"
    mending = Mending(f"write `{plain}`", edits, True)
    diagnosis = Diagnosis(start, end, "character", f"{both} {are}: write `{plain}`", mending)
    return Slip(diagnosis, end, "STRING", f"{plain}{found.group()[1:-1]}{plain}")


def _stray(line: str, start: int) -> Slip:
    match = _STRAY.match(line, start)
    assert match is not None  # Its last alternative takes anything.
    stray, end = match.group(), match.end()
    token = plain = ""
    mending: Mending | None = None
    if stray[:2] in ("//", "/*"):
        message = "a comment begins with `#` here"
        mending = _comment(line, start, stray)
    elif stray[0] in _LOOK_ALIKES or (stray[0] == "=" and _stands_for_colon(line, start)):
        plain, token = _LOOK_ALIKES.get(stray[0], (":", "COLON"))
        end = start + 1
        message = f"`{stray[0]}` is not the `{plain}` of the format: write `{plain}`"
        # Nobody writes a blank before a colon.
        begin = len(line[:start].rstrip(BLANKS)) if stray[0] == "=" else start
        mending = Mending(f"write `{plain}`", (Edit(begin, end, plain),), True)
    elif stray[0] in "()" and (bracket := _brace_meant(line, start)) is not None:
        plain, token = bracket
        end = start + 1
        message = f"`{stray[0]}` is not the `{plain}` of the format: write `{plain}`"
        mending = Mending(f"write `{plain}`", (Edit(start, end, plain),), True)
    elif _is_blank(stray[0]):
        end = start + next((n for n, c in enumerate(stray) if not _is_blank(c)), len(stray))
        message = _blank_advice(line[start:end])
        blanks = "".join("" if it in _UNSEEN else " " for it in line[start:end])
        title = "write a plain space" if blanks else "take it away"
        mending = Mending(title, (Edit(start, end, blanks),), True)
    else:
        message = _character_advice(stray)
    return Slip(Diagnosis(start, end, "character", message, mending), end, token, plain)


def _comment(line: str, start: int, stray: str) -> Mending | None:
    """A comment of another language as one of the format; None if it may be in several lines."""
    edits = [Edit(start, start + 2, "#")]
    if stray[:2] == "/*":
        end = start + len(stray)
        if not stray.endswith("*/") or line[end:].strip(BLANKS):
            return None
        edits.append(Edit(start + len(stray[:-2].rstrip(BLANKS)), end, ""))
    return Mending("begin the comment with `#`", tuple(edits), True)


def _brace_meant(line: str, start: int) -> tuple[str, str] | None:
    """The brace that a round bracket stands for: behind a name, or where its line closes."""
    before = _CLOSED_STRING.sub("", line[:start])
    if line[start] == "(":
        name = re.search(r"[A-Za-z_]\w*[ \t]*$", before)
        opens = re.match(r"[ \t\r]*(?:[#)}]|$)|[ \t]*[A-Za-z_]\w*[ \t]*[:{(]", line[start + 1 :])
        return ("{", "LBRACE") if name is not None and opens is not None else None
    opened = sum(map(before.count, "{(")) - sum(map(before.count, "})"))
    return ("}", "RBRACE") if opened > 0 or not before.strip(BLANKS) else None


def decimal_comma(line: str, start: int) -> Slip | None:
    """A number with a comma where the point belongs: `base_lr: 0,01`."""
    found = _DECIMAL_COMMA.match(line, start)
    if found is None or not line[:start].rstrip(BLANKS + "-").endswith(":"):
        return None
    point = f"{found[1]}.{found[2]}"
    message = f"`{clip(found.group())}` is no number: write the decimal point, {clip(point)}"
    comma = found.end(1)
    mending = Mending(f"write {clip(point)}", (Edit(comma, comma + 1, "."),), False)
    end = found.end()
    return Slip(Diagnosis(start, end, "number", message, mending), end, "FLOAT", point)


def _stands_for_colon(line: str, start: int) -> bool:
    """Whether a `=` stands between a name and a value."""
    before, behind = line[:start].rstrip(BLANKS), line[start + 1 :].lstrip(BLANKS)
    return re.search(r"\w$", before) is not None and behind[:1] not in ("", "=", "#")


def _is_blank(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) == "Zs"


def _blank_advice(blanks: str) -> str:
    if blanks[0] == _NO_BREAK_SPACE:
        return "a no-break space: write a plain one"
    code = f"U+{ord(blanks[0]):04X}"
    if blanks[0] in _UNSEEN:
        return f"{code}, a character that nobody sees, has no place outside a string"
    return f"{code} is no plain space: write one"


def _character_advice(stray: str) -> str:
    plain = _PLAIN_QUOTES.get(stray[0])
    if plain:
        return f"`{stray[0]}` is a typographic quote: write `{plain}`"
    if all(map(is_stray_byte, stray)):
        are = "the byte {} is" if len(stray) == 1 else "the bytes {} are"
        return are.format(_codes(stray)) + " not UTF-8 and not in a string"
    if not stray.isprintable():
        return f"{_codes(stray)} has no place outside a string"
    return f"`{clip(stray)}` has no place outside a string or a comment"


def _codes(characters: str) -> str:
    """How the first characters of some are named that cannot be shown."""
    return " ".join(
        f"0x{ord(it) - 0xDC00:02X}" if is_stray_byte(it) else f"U+{ord(it):04X}"
        for it in characters[:4]
    )
