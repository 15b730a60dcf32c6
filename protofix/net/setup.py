"""Setting up one layer: what its type is given, what it makes, and what Caffe would refuse.

A rule for a type of layer (`protofix.net.layer_types`) takes a `Setup` and gives what it `Made`. It
says what Caffe's `LayerSetUp` and `Reshape` of that type would abort at by `Setup.refuse`, and
goes on with what is left unknown, so that one mistake does not hide the next, nor make others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, overload

from protofix.net.data_files import DataFiles
from protofix.net.layers import (
    BlobName,
    Layer,
    bool_of,
    enum_of,
    float_of,
    integer_of,
    integers_of,
    string_of,
)
from protofix.net.shapes import Dim, Shape, canonical_axis, shape_text
from protofix.textproto.tree import Field, Message, Node, Scalar, messages_named, scalars_named

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


@dataclass(frozen=True)
class Made:
    """What a layer makes: the shapes of its tops and of its learnable parameters, in their order.

    Tops beyond those given here are unknown. `params` is None where not even their number is known.
    """

    tops: tuple[Shape, ...] = ()
    params: tuple[Shape, ...] | None = ()


class Values(NamedTuple):
    """The values of one message of a layer, such as `convolution_param`."""

    fields: tuple[Node, ...]

    def has(self, *names: str) -> bool:
        """Whether any field of these names is written."""
        return any(node.name in names for node in self.fields)

    def field(self, *names: str) -> Node | None:
        """The last field with one of these names."""
        return next((node for node in reversed(self.fields) if node.name in names), None)

    @overload
    def integer(self, name: str) -> int | None: ...
    @overload
    def integer(self, name: str, default: int) -> int: ...
    def integer(self, name: str, default: int | None = None) -> int | None:
        """A whole number, or what stands for it where none is written."""
        value = integer_of(self.fields, name)
        return default if value is None else value

    def integers(self, name: str) -> tuple[int, ...]:
        """All whole numbers of a repeated field."""
        return integers_of(self.fields, name)

    @overload
    def real(self, name: str) -> float | None: ...
    @overload
    def real(self, name: str, default: float) -> float: ...
    def real(self, name: str, default: float | None = None) -> float | None:
        """A number."""
        value = float_of(self.fields, name)
        return default if value is None else value

    def boolean(self, name: str, default: bool) -> bool:
        """A truth value."""
        return bool_of(self.fields, name, default)

    def string(self, name: str) -> str | None:
        """A string."""
        return string_of(self.fields, name)

    def enum(self, name: str, values: tuple[str, ...]) -> str:
        """The name of an enum value, written by name or number; the first stands for none."""
        return enum_of(self.fields, name, values) or values[0]

    def scalars(self, name: str) -> list[Scalar]:
        """All values of the fields of that name, as they are written."""
        return scalars_named(self.fields, name)

    def messages(self, name: str) -> list[Values]:
        """The messages of that name within this one."""
        return [Values(message.fields) for message in messages_named(self.fields, name)]

    def shapes(self, name: str) -> list[tuple[int, ...]]:
        """The BlobShapes of that name."""
        return [message.integers("dim") for message in self.messages(name)]


@dataclass(frozen=True)
class Setup:
    """One layer about to be set up in a net of some phase, with the shapes that it reads.

    The counts of its bottoms and tops are what its type demands. `files` reads what data layers
    name; None if nothing outside the net is to be read. `refusals` gathers what `refuse` is told.
    """

    layer: Layer
    phase: str
    bottoms: tuple[Shape, ...]
    files: DataFiles | None = None
    refusals: list[Refusal] = field(default_factory=list)

    def values(self, message: str) -> Values:
        """The values of a message of the layer; of a V0 layer, which has none, its own."""
        param = self.layer.param(message)
        if param is not None:
            return Values(param.fields)
        return Values(self.layer.fields if self.layer.format == 0 else ())

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
        start, end = _place(self.layer, at)
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


def _place(layer: Layer, at: Node | Scalar | BlobName | None) -> tuple[int, int]:
    if at is None:
        return layer.node.start, layer.node.name_end
    if isinstance(at, Field):
        return at.start, at.end
    if isinstance(at, Message):
        return at.start, at.name_end
    return at.start, at.end
