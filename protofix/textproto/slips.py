"""What is no token, and the token that was meant: broken strings and numbers, stray characters.

A slip is told from its line alone. Where what was meant is plain, the reader goes on as if it stood
there, so that a slip is said once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from protofix.textproto.broken_strings import (
    CLOSED_STRING,
    PLAIN_QUOTES,
    TYPOGRAPHIC_STRING,
    Slip,
    bad_escape,
    lines_of_string,
    typographic_string,
    unclosed_string,
    unquoted_path,
)
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.grammar import terminals
from protofix.textproto.literals import clip
from protofix.textproto.source import BLANKS, BYTE_ORDER_MARK, is_stray_byte
from protofix.textproto.tree import Diagnosis

# What a mistaken number reaches to, so that one mistake is one diagnosis.
_BROKEN_NUMBER = re.compile(r"\.?[0-9](?:[eE][-+]|[0-9A-Za-z_.])*")
_NUMBER_THEN_NAME = re.compile(r"((?:0[0-7]*|[1-9][0-9]*)(?:\.[0-9]*)?)(?=[A-Za-z_])(?![eExXfF])")
_STRAY = re.compile(r"//.*|/\*.*?\*/|/\*.*|[^ \t\r\v\fA-Za-z0-9_\"'#:;,.{}<>\[\]-]+|.")
# Lest a text that begins a thousand comments and ends none takes long.
_MOST_LINES_OF_COMMENT = 1000
_STRING_OR_BRACKET = re.compile(rf"{CLOSED_STRING.pattern}|[(){{}}]")
_DECIMAL_COMMA = re.compile(r"([0-9]+),([0-9]+)(?![\w.])(?![ \t]*,)")
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
# What git writes into a file between two versions of it. A `>` may close a message here.
_CONFLICT_MARKER = re.compile(r"(?:(?:<{7}|\|{7})(?:[ \t].*)?|={7}|>{7}[ \t]+[\w.(/-].*)[ \t]*\r?$")
_FIELD_BEHIND = re.compile(r">{7}[ \t]+[A-Za-z_]\w*[ \t]*[:{<]")
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_NO_BREAK_SPACE = "\xa0"


def slip_at(line: str, start: int, first: bool) -> Slip:
    """What is wrong at `start` of a line; `first` is that of the text, which may begin with a mark.

    No token of the grammar is there.
    """
    character = line[start]
    if character in "\"'":
        closed = CLOSED_STRING.match(line, start)
        return unclosed_string(line, start) if closed is None else bad_escape(closed)
    number = _BROKEN_NUMBER.match(line, start)
    if (number and character != ".") or (number and line[start - 1 : start] != "_"):
        return _bad_number(line, start, number)
    if character == BYTE_ORDER_MARK and first and start == 0:
        message = "a byte order mark, which Caffe refuses: save the file as UTF-8 without it"
        mending = Mending("take the byte order mark away", (Edit(0, 1, ""),), True)
        return Slip(Diagnosis(0, 1, "byte-order-mark", message, mending), 1, "", "")
    typographic = TYPOGRAPHIC_STRING.match(line, start)
    if typographic is not None:
        return typographic_string(typographic)
    return (unquoted_path(line, start) if character == "/" else None) or _stray(line, start)


def over_lines(slip: Slip, lines: Sequence[str], row: int) -> tuple[Slip, int]:
    """A slip of the line at `row`, and how many lines it takes.

    A string that is not closed takes those below it up to the one that ends with its quote, and a
    comment of C those up to its end.
    """
    if lines[row].startswith("/*", slip.diagnosis.start) and "*/" not in lines[row][: slip.end]:
        return _comment_over_lines(slip, lines, row)
    taken = lines_of_string(slip, lines, row)
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
    if line[start] == "(":
        return ("{", "LBRACE") if _opens_message(line, start) else None
    opened: list[re.Match[str]] = []
    for bracket in _STRING_OR_BRACKET.finditer(line, 0, start):
        if bracket.group() in ("{", "("):
            opened.append(bracket)
        elif bracket.group() in ("}", ")") and opened:
            opened.pop()
    if not opened:
        closes = not line[:start].strip(BLANKS)
    else:
        closes = opened[-1].group() == "{" or _opens_message(line, opened[-1].start())
    return ("}", "RBRACE") if closes else None


def _opens_message(line: str, start: int) -> bool:
    """Whether a round bracket stands behind a name, and before a field or nothing."""
    before = CLOSED_STRING.sub("", line[:start])
    name = re.search(r"[A-Za-z_]\w*[ \t]*$", before)
    opens = re.match(r"[ \t\r]*(?:[#)}]|$)|[ \t]*[A-Za-z_]\w*[ \t]*[:{(]", line[start + 1 :])
    return name is not None and opens is not None


def conflict_marker(line: str) -> Slip | None:
    """A line that git wrote where two versions of a text differ."""
    if _CONFLICT_MARKER.match(line) is None or _FIELD_BEHIND.match(line) is not None:
        return None
    end = len(line.rstrip(BLANKS))
    message = "a conflict marker of git: choose one side"
    return Slip(Diagnosis(0, end, "character", message), len(line), "", "")


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
    plain = PLAIN_QUOTES.get(stray[0])
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
