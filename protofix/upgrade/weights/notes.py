"""What is to be said of an upgraded net, and whether it means that something is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Note(NamedTuple):
    """Something to be said, in one line; `left` if it was left undone, or if something was lost."""

    message: str
    left: bool


@dataclass
class LayerNotes:
    """Notes about layers: of each the first layer that it is about, and how many there are."""

    found: dict[Note, tuple[str, int]] = field(default_factory=dict)

    def add(self, layer: str, notes: Iterable[Note]) -> None:
        """Take notes about the layer of that name."""
        for note in dict.fromkeys(notes):
            first, count = self.found.get(note, (layer, 0))
            self.found[note] = (first, count + 1)

    def lines(self) -> Iterator[Note]:
        """The notes with their layers, each said once."""
        for note, (first, count) in self.found.items():
            more = f" and {count - 1} more" if count > 1 else ""
            yield Note(f"layer `{first}`{more}: {note.message}", note.left)
