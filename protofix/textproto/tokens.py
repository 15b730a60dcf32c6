"""The tokens of a line, for all that looks at how a text is written more than at what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from protofix.textproto.grammar import scanner

OPENERS = frozenset({"LBRACE", "LANGLE", "LSQUARE"})
CLOSERS = frozenset({"RBRACE", "RANGLE", "RSQUARE"})

T = TypeVar("T")

_KEPT_LINES = 50_000
_KEPT_LENGTH = 200


class Token(NamedTuple):
    """A token or a comment: the name of its terminal, and where on its line it stands."""

    kind: str
    start: int
    end: int


def by_line(look: Callable[[str], T]) -> Callable[[str], T]:
    """Keep what is worked out of a line by itself: nets repeat their lines."""
    kept = lru_cache(_KEPT_LINES)(look)

    def of_line(line: str) -> T:
        return kept(line) if len(line) <= _KEPT_LENGTH else look(line)

    return of_line


@by_line
def tokens_of(line: str) -> tuple[Token, ...]:
    """The tokens and the comment of a line of a text without mistakes; none is of two lines."""
    return tuple(
        Token(match.lastgroup or "", match.start(), match.end())
        for match in scanner().finditer(line)
        if match.lastgroup != "BLANK"
    )
