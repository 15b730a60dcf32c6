"""What a step of the upgrade is: a function from the items of a net to new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from protofix.textproto.draft import Item
from protofix.textproto.layout import Style


class Note(NamedTuple):
    """Something to be said: where in the text as read, and what; `left` if it was left undone."""

    at: int
    message: str
    left: bool


class Upgraded(NamedTuple):
    """The items of a net after a step, and what is to be said of it.

    An item that a step does not touch has to be the same object as before: only then does its text
    stay what it was, and only then is the step known to have changed nothing.
    """

    items: tuple[Item, ...]
    notes: tuple[Note, ...] = ()


NetStep = Callable[[Sequence[Item], Style], Upgraded]


def same(new: Sequence[Item], old: Sequence[Item]) -> bool:
    """Whether items are the very ones that they were."""
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
