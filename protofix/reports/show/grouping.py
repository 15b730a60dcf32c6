"""Groups of boxes: those that share the beginning of their names and hang together.

A group is drawn as one, so no edge may lead out of it and back into it by way of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def groups_of(
    titles: Sequence[str], edges: Iterable[tuple[int, int]]
) -> tuple[tuple[str, ...], dict[int, int]]:
    """The groups' names, and the group of each box that is in one.

    `edges` lead from box to box, and never in a circle.
    """
    edges = list(edges)
    prefixes = [_prefix(title) for title in titles]
    together = _Sets(len(titles))
    for source, target in edges:
        if prefixes[source] and prefixes[source] == prefixes[target]:
            together.join(source, target)
    sets: dict[int, list[int]] = {}
    for box in range(len(titles)):
        sets.setdefault(together.of(box), []).append(box)
    found = [boxes for boxes in sets.values() if 1 < len(boxes) < len(titles)]
    while True:
        group_of = {box: number for number, boxes in enumerate(found) for box in boxes}
        circular = _in_circles(len(titles), edges, group_of)
        if not circular:
            return tuple(prefixes[boxes[0]] for boxes in found), group_of
        found = [boxes for number, boxes in enumerate(found) if number not in circular]


def _prefix(title: str) -> str:
    """What a name begins with: "inception_3a" of "inception_3a/1x1", "res2a" of "res2a_branch1"."""
    for separator in "/_":
        if separator in title:
            return title.partition(separator)[0]
    return title


def _in_circles(count: int, edges: list[tuple[int, int]], group_of: dict[int, int]) -> set[int]:
    """The groups that would stand in a circle, or between two circles, if each were one box."""
    item = [count + group_of[box] if box in group_of else box for box in range(count)]
    pairs = {(item[a], item[b]) for a, b in edges if item[a] != item[b]}
    left = set(item)
    for flip in (False, True):
        # Take away, again and again, what nothing leads to; then what leads to nothing.
        directed = [(b, a) if flip else (a, b) for a, b in pairs if a in left and b in left]
        after: dict[int, list[int]] = {}
        waits = dict.fromkeys(left, 0)
        for a, b in directed:
            after.setdefault(a, []).append(b)
            waits[b] += 1
        free = [it for it in left if waits[it] == 0]
        while free:
            it = free.pop()
            left.discard(it)
            for other in after.get(it, ()):
                waits[other] -= 1
                if waits[other] == 0:
                    free.append(other)
    return {it - count for it in left if it >= count}


class _Sets:
    """Sets that grow together."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, member: int) -> int:
        """The set of a member, by the member that stands for it."""
        while self._above[member] != member:
            self._above[member] = self._above[self._above[member]]
            member = self._above[member]
        return member

    def join(self, one: int, other: int) -> None:
        """Make one set of those of two members."""
        one, other = self.of(one), self.of(other)
        self._above[max(one, other)] = min(one, other)
