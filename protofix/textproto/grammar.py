"""The language as `grammar.lark` defines it: the text for Lark, the terminals for all others."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_TERMINAL = re.compile(r"^([A-Z]+): /(.*)/$", re.MULTILINE)


@cache
def grammar_text() -> str:
    """Text of `grammar.lark`."""
    return Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")


@cache
def terminals() -> dict[str, str]:
    """Name and pattern of each terminal, read without Lark, which takes longer than most files."""
    return dict(_TERMINAL.findall(grammar_text()))


@cache
def scanner() -> re.Pattern[str]:
    """A pattern that matches any one terminal, in a group of its name."""
    return re.compile("|".join(f"(?P<{name}>{it})" for name, it in terminals().items()))
