"""V0 padding layers of binary nets, whose `pad` became a field of the layer that they feed.

What Caffe 1.0 does in UpgradeV0PaddingLayers. Where Caffe aborts, the padding layer stays and its
readers go on reading it, and so it does where it has blobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protofix.net.layers import PADDING
from protofix.upgrade.facts import V0_PADDED_TYPES
from protofix.upgrade.weights.messages import layer_name, strings_of, v0_content, wire_message
from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.wire import Data, Piece, content, pieces_of


@dataclass(frozen=True, slots=True)
class Fold:
    """What a layer takes over from the padding layer that it reads: its `pad` and its bottom."""

    pad: bytes
    bottom: bytes


@dataclass(frozen=True)
class PaddingPlan:
    """What is to become of the padding layers of a net. Layers go by their offsets in the file.

    Attributes:
        folds: what the layers that read padding take over.
        gone: the padding layers that are no more.
        notes: about padding layers that stay, and such as nobody reads.

    """

    folds: Mapping[int, Fold]
    gone: frozenset[int]
    notes: Mapping[int, Note]


@dataclass(slots=True)
class _Padding:
    """A padding layer: what it would give to its readers, who they are, and why it has to stay."""

    fold: Fold
    problem: str
    has_blobs: bool
    readers: list[int] = field(default_factory=list)


class PaddingWatch:
    """Sees the layers of a net one by one, in their order, and finds out who reads padding."""

    def __init__(self) -> None:
        self._paddings: dict[int, _Padding] = {}
        self._makers: dict[bytes, int] = {}  # by blob, the padding layer that made it last
        self._others = 0

    def see(self, data: Data, at: int, layer: list[Piece], format_name: str) -> None:
        """Take the next layer: its offset, its fields and the name of their message."""
        inner: list[Piece] = []
        if format_name == "V1LayerParameter":
            inner = [it for part in v0_content(layer) for it in pieces_of(data, part.value)]
        v0_type = _last(data, inner, "type")
        is_padding = v0_type == PADDING.encode()
        self._others += not is_padding
        if not is_padding and not self._paddings:
            return
        bottoms = strings_of(data, layer, format_name, "bottom")
        tops = strings_of(data, layer, format_name, "top")
        problem = ""
        if v0_type.decode("utf-8", "replace") not in V0_PADDED_TYPES:
            problem = "which is no V0 layer of type conv or pool"
        elif len(bottoms) != 1:
            problem = "which reads other blobs too"
        for blob in dict.fromkeys(bottoms):
            if blob in self._makers:
                padding = self._paddings[self._makers[blob]]
                padding.readers.append(at)
                if problem and not padding.problem:
                    padding.problem = f"feeds `{layer_name(data, layer, format_name)}`, {problem}"
        for blob in tops:
            self._makers.pop(blob, None)
        if is_padding:
            self._paddings[at] = _padding(data, layer, inner, bottoms, tops)
            self._makers.update(dict.fromkeys(tops, at))

    def plan(self) -> PaddingPlan:
        """What is to become of the padding layers that were seen."""
        folds: dict[int, Fold] = {}
        gone: set[int] = set()
        notes: dict[int, Note] = {}
        for at, padding in self._paddings.items():
            if self._others and not padding.readers and not padding.has_blobs:
                gone.add(at)
                said = "is a padding layer that no layer reads; dropped, as by Caffe"
                notes[at] = Note(said, False)
                continue
            # Without a reader it is the whole net, and a net has a layer.
            problem = padding.problem or ("" if padding.readers else "feeds no layer at all")
            if problem:
                said = f"is a padding layer that {problem}: left as a layer of that type"
                notes[at] = Note(said, True)
            else:
                gone.add(at)
                folds.update(dict.fromkeys(padding.readers, padding.fold))
        return PaddingPlan(folds, frozenset(gone), notes)


def _padding(
    data: Data,
    layer: list[Piece],
    inner: list[Piece],
    bottoms: tuple[bytes, ...],
    tops: tuple[bytes, ...],
) -> _Padding:
    has_blobs = _has_blobs(layer, "V1LayerParameter") or _has_blobs(inner, "V0LayerParameter")
    problem = ""
    if has_blobs:
        problem = "has blobs"
    elif len(bottoms) != 1:
        problem = f"has {len(bottoms)} bottoms instead of one"
    elif len(tops) != 1:
        problem = f"has {len(tops)} tops instead of one"
    fold = Fold(_last(data, inner, "pad") or b"\0", bottoms[0] if bottoms else b"")
    return _Padding(fold, problem, has_blobs)


def _last(data: Data, inner: list[Piece], name: str) -> bytes:
    """The value that counts of a plain field of a V0 layer; nothing if it has none."""
    given = wire_message("V0LayerParameter").named(inner, name)
    return content(data, given[-1].value) if given else b""


def _has_blobs(layer: list[Piece], format_name: str) -> bool:
    return bool(wire_message(format_name).named(layer, "blobs"))
