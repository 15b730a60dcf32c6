"""Values as the text format writes them: decoding, encoding and judging literals."""

from __future__ import annotations

import re

_SIMPLE = {
    "a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11,
    "\\": 92, "?": 63, "'": 39, '"': 34,
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?'\"])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})"
    r"|(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})))"
)

_PAIR = re.compile(
    r"(?<!\\)((?:\\u|\\U0000)[dD][89abAB][0-9A-Fa-f]{2})((?:\\u|\\U0000)[dD][c-fC-F][0-9A-Fa-f]{2})"
)

_MOST_DIGITS = 100  # of an integer that is worth reading
_HUGE: int = 10**_MOST_DIGITS

# Numbers may be octal or hexadecimal here too.
_BOOL = re.compile(r"(?P<true>true|True|t|(?:0+|0[xX]0*)?1)|false|False|f|0+|0[xX]0+")


def decode_string(literal: str) -> str:
    """Content of one quoted literal; bytes that are not UTF-8 come as lone surrogates."""
    body = literal[1:-1]
    if "\\" not in body:
        return body
    body = _PAIR.sub(_join_pair, body)
    out = bytearray()
    position = 0
    for match in _ESCAPE.finditer(body):
        out += body[position : match.start()].encode("utf-8", "surrogateescape")
        simple, octal, hexadecimal, short, long = match.groups()
        if simple:
            out.append(_SIMPLE[simple])
        elif octal:
            out.append(int(octal, 8) & 0xFF)
        elif hexadecimal:
            out.append(int(hexadecimal, 16))
        else:
            out += _code_point(match.group(), int(short or long, 16))
        position = match.end()
    out += body[position:].encode("utf-8", "surrogateescape")
    return out.decode("utf-8", "surrogateescape")


def _code_point(escape: str, code: int) -> bytes:
    # Beyond Unicode the C++ parser keeps the escape as it is written.
    return escape.encode("ascii") if code > 0x10FFFF else chr(code).encode("utf-8", "surrogatepass")


def _join_pair(match: re.Match[str]) -> str:
    """One escape for the two halves of a surrogate pair, as the C++ parser reads them."""
    high, low = (int(half.lstrip("\\uU"), 16) for half in match.groups())
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


def encode_string(value: str, quote: str = '"') -> str:
    """Write `value` as a literal in the quotes given."""
    special = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", quote: "\\" + quote}
    escaped = "".join(
        special.get(c) or (f"\\{ord(c):03o}" if ord(c) < 32 or ord(c) == 127 else c) for c in value
    )
    return f"{quote}{escaped}{quote}"


def parse_integer(written: str) -> int:
    """Value of an INTEGER with an optional minus: decimal, 0x hexadecimal or 0 octal."""
    digits = written.lstrip("-")
    if len(digits.lstrip("0xX")) > _MOST_DIGITS:
        # No field is this wide, so any huge number will do; int() and print refuse long ones.
        value = _HUGE
    elif digits[:2] in ("0x", "0X"):
        value = int(digits, 16)
    elif digits[0] == "0":
        value = int(digits, 8)
    else:
        value = int(digits)
    return -value if written.startswith("-") else value


def parse_float(written: str) -> float | None:
    """Value of a number or of inf, infinity or nan in any case; None for another name."""
    try:
        return float(written.rstrip("fF") if written[-1] in "fF" and "n" not in written.lower()
                     else written)  # fmt: skip
    except ValueError:
        return None


def parse_bool(written: str) -> bool | None:
    """Truth value of true, True, t or a 1, and of false, False, f or a 0; None for all else."""
    match = _BOOL.fullmatch(written)
    return None if match is None else match["true"] is not None


def is_octal_or_hex(written: str) -> bool:
    """Whether an INTEGER is written in octal or hexadecimal, which a float field refuses."""
    digits = written.lstrip("-")
    return len(digits) > 1 and digits[0] == "0"


def clip(text: str) -> str:
    """A text short enough to be quoted in a message."""
    return text if len(text) <= 40 else text[:37] + "..."
