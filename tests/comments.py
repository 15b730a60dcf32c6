"""The comments of a text, found by a pattern of the tests' own."""

from __future__ import annotations

import re
from collections import Counter

_TOKEN = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|(#[^\n\r]*)")


def comments_of(text: str) -> Counter[str]:
    """Every comment of a text, with how often it is there; a `#` in a string begins none."""
    return Counter(match[1].rstrip() for match in _TOKEN.finditer(text) if match[1])
