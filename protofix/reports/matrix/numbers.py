"""Numbers and names as they stand in columns."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

ELLIPSIS = "…"


def short(number: float) -> str:
    """A number in four digits at most: "0.3704", "33.33", "1.2e-05"."""
    text = f"{number:.4g}"
    return "0" if text == "-0" else text


def text_width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """A text that takes so many columns at most, with … where some of it is gone."""
    if text_width(text) <= width:
        return text
    kept, left = "", width - 1
    for character in text:
        left -= _columns(character)
        if left < 0:
            break
        kept += character
    return kept + ELLIPSIS


def padded(text: str, width: int) -> str:
    """A text with blanks behind it, up to so many columns."""
    return text + " " * (width - text_width(text))


def _columns(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
