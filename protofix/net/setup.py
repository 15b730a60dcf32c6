"""Setting up one layer: what its type is given, what it makes, and what Caffe would refuse.

A rule for a type of layer (`protofix.net.layer_types`) takes a `Setup` and gives what it `Made`. It
says what Caffe's `LayerSetUp` and `Reshape` of that type would abort at by `Setup.refuse`, and
goes on with what is left unknown, so that one mistake does not hide the next, nor make others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from caffe_proto import BVLC
from protofix.net.data_files import DataFiles
from protofix.net.layers import BlobName, Layer
from protofix.net.shapes import Dim, Shape, canonical_axis, shape_text
from protofix.net.values import Values
from protofix.textproto.tree import Field, Message, Node, Scalar

RefusalKind = Literal[
    "parameter", "shape", "blob-count", "param-count", "shared-param", "marks", "loss-weights",
    "first-pass",
]  # fmt: skip
"""What is wrong: a field of the layer, shapes that do not fit, too few or many blobs, more `param`
than there are parameters, parameters that cannot be shared, `propagate_down`, `loss_weight`. Last,
what Caffe builds, and aborts at when it first runs."""


class Refusal(NamedTuple):
    """Something that Caffe would abort at: of which layer, where in the text, and in words."""

    kind: RefusalKind
    layer: Layer
    start: int
    end: int
    message: str


class Emptied(NamedTuple):
    """Why a layer makes a blob without values of blobs that have some, and what is at fault."""

    why: str
    at: Node | Scalar | None = None


@dataclass(frozen=True)
class Made:
    """What a layer makes: the shapes of its tops and of its learnable parameters, in their order.

    Tops beyond those given here are unknown. `params` is None where not even their number is known.
    `emptied` is for a type that can tell why a top is without values.
    """

    tops: tuple[Shape, ...] = ()
    params: tuple[Shape, ...] | None = ()
    emptied: Emptied | None = None


@dataclass(frozen=True)
class Setup:
    """One layer about to be set up in a net of some phase, with the shapes that it reads.

    The counts of its bottoms and tops are what its type demands. `files` reads what data layers
    name; None if nothing outside the net is to be read. `dialect` is the net's, by its name.
    `padding` is the layer of the V0 format that is folded into this one: its pad, written or not,
    takes the place of the layer's own, and the bottom is what it reads.
    `refusals` gathers what `refuse` is told: a rule finds it empty.
    """

    layer: Layer
    phase: str
    bottoms: tuple[Shape, ...]
    files: DataFiles | None = None
    dialect: str = BVLC
    padding: Layer | None = None
    refusals: list[Refusal] = field(default_factory=list)

    def values(self, message: str) -> Values:
        """The values of a message of the layer; of a V0 layer, which has none, its own."""
        values = self.layer.values(message)
        if self.padding is None:
            return values
        own = (node for node in values.fields if node.name != "pad")
        pads = [node for node in self.padding.fields if node.name == "pad"]
        return Values((*own, *pads[-1:]))

    def bottom(self, slot: int = 0) -> Shape:
        """The shape of a bottom; None for one that is not known or not there."""
        return self.bottoms[slot] if slot < len(self.bottoms) else None

    def called(self, slot: int = 0) -> str:
        """A bottom by its name, in backquotes."""
        return f"`{self.layer.bottoms[slot].name}`"

    def refuse(
        self,
        message: str,
        at: Node | Scalar | BlobName | None = None,
        kind: RefusalKind = "parameter",
    ) -> None:
        """Say what Caffe would abort at, and what would be right, in words that follow the layer.

        `at` is the field, the value, or the bottom or top that is at fault; without it the layer.
        """
        start, end = place_of(self.layer.node if at is None else at)
        subject = subject_of(self.layer)
        self.refusals.append(Refusal(kind, self.layer, start, end, f"{subject} {message}"))

    def refuse_shape(self, message: str, at: Node | Scalar | BlobName | int | None = None) -> None:
        """The same of shapes that do not fit; a number as `at` is that of a bottom."""
        place = self.layer.bottoms[at] if isinstance(at, int) else at
        self.refuse(message, place, "shape")

    def refuse_later(self, message: str, at: Node | Scalar | BlobName | int | None = None) -> None:
        """The same of what Caffe builds, and aborts at when the layer first runs."""
        place = self.layer.bottoms[at] if isinstance(at, int) else at
        self.refuse(message, place, "first-pass")

    def axis(self, axis: int, at: Node | None = None, slot: int = 0) -> int | None:
        """An axis of a bottom counted from the front; None if the bottom's rank is not known.

        One that the bottom has not is refused.
        """
        shape = self.bottom(slot)
        if shape is None:
            return None
        index = canonical_axis(axis, len(shape))
        if index is None:
            self.refuse_shape(
                f"works on axis {axis}, but {self.called(slot)} is {_axes(shape)}", at
            )
        return index

    def refuse_few_axes(self, least: int, axes: str, slot: int = 0) -> None:
        """Refuse a bottom of known rank with fewer axes than `least`, which `axes` names."""
        shape = self.bottom(slot)
        if shape is not None and len(shape) < least:
            self.refuse_shape(
                f"reads {self.called(slot)}, which is {shape_text(shape)}: it must have at least "
                f"{least} axes ({axes})",
                slot,
            )

    def unknown(self, params: tuple[Shape, ...] | None = ()) -> Made:
        """Nothing known of any top."""
        return Made((None,) * len(self.layer.tops), params)


Rule = Callable[[Setup], Made]
"""What a type of layer does with what it is given."""


def subject_of(layer: Layer) -> str:
    """A layer as the subject of a sentence."""
    return f"`{layer.name}`" if layer.name else f"this {layer.type or 'layer'}"


def _axes(shape: tuple[Dim, ...]) -> str:
    if not shape:
        return "a single value, without axes"
    if len(shape) == 1:
        return f"{shape_text(shape)}, whose one axis is 0 (or −1)"
    return f"{shape_text(shape)}, whose axes are 0 to {len(shape) - 1} (or −{len(shape)} to −1)"


def place_of(at: Node | Scalar | BlobName) -> tuple[int, int]:
    """Where what is at fault begins and ends in the text."""
    return at.start, at.said_end if isinstance(at, Field | Message) else at.end
