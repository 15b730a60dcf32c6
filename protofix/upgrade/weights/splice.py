"""Binary nets (`.caffemodel`) to today's format, by splicing: blobs are copied as bytes.

A net is gone through twice. The first time everything but the values of blobs is checked and what
is old is found (`survey`); the second time each layer is written anew from its own fields, in the
order of the file. Neither holds more than one layer's small fields, so that memory depends on
neither the size of the file nor the number of its layers.

What is done is what Caffe 1.0 does when it loads a net (UpgradeNetAsNeeded), in its order. Blobs
are never dropped, not even where Caffe would.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protofix.files import writing_atomically
from protofix.upgrade.facts import CAFFE_STEPS, Step
from protofix.upgrade.weights.mapped import MappedFile, WeightsError, mapped
from protofix.upgrade.weights.messages import layout
from protofix.upgrade.weights.recognise import looks_binary
from protofix.upgrade.weights.survey import Progress, Survey, layer_name, net_fields, survey
from protofix.upgrade.weights.v0 import Makers, upgrade_v0
from protofix.upgrade.weights.v1 import (
    has_old_batch_norm,
    upgrade_batch_norm,
    upgrade_transform,
    upgrade_v1,
)
from protofix.upgrade.weights.wire import (
    LENGTH,
    Field,
    Piece,
    Span,
    WireError,
    encode,
    encode_varint,
    head_of,
    pieces_of,
    size_of,
)

__all__ = ["WeightsError", "WeightsUpgrade", "looks_binary", "upgrade_weights"]

_IN_MEMORY = 1 << 16  # stretches below this go through the buffer, larger ones from file to file
_BUFFER = 1 << 20
_INPUT_AXES = 4  # dims of each `input` in `input_dim`


@dataclass(frozen=True)
class WeightsUpgrade:
    """What became of a binary net.

    Attributes:
        steps: the steps that were taken, in Caffe's order; none if the net is up to date.
        notes: a line each about what could not be upgraded, and what was dropped or kept, and why.
        layers: how many layers the net has now.
        size: its bytes.
        changed: whether it is another file than before.

    """

    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    layers: int
    size: int
    changed: bool


@dataclass
class _Notes:
    """Remarks about layers: how many layers each is about, and the first of them."""

    found: dict[str, tuple[str, int]] = field(default_factory=dict)

    def add(self, layer: str, remarks: Sequence[str]) -> None:
        for remark in dict.fromkeys(remarks):
            first, count = self.found.get(remark, (layer, 0))
            self.found[remark] = (first, count + 1)

    def lines(self) -> Iterator[str]:
        for remark, (first, count) in self.found.items():
            more = f" and {count - 1} more" if count > 1 else ""
            yield f"layer `{first}`{more}: {remark}"


def upgrade_weights(
    source: Path,
    target: Path | None,
    steps: Sequence[Step] = CAFFE_STEPS,
    progress: Progress | None = None,
    *,
    unsafe: bool = False,
) -> WeightsUpgrade:
    """Write today's form of a binary net; `target` may be the source itself, None only looks.

    A net that mixes `layers` and `layer`, which Caffe refuses, is upgraded only if `unsafe`. A net
    that is up to date is copied as it is, and left alone if it is to replace itself.

    Raises WeightsError for anything but a whole binary net, and FileError if one of the files
    cannot be read or written. The target is then as it was.
    """
    with mapped(source) as file:
        found = survey(file)
        identity = file.identity
    taken, notes = _plan(source, found, steps, unsafe)
    if not taken and (target is None or _same_file(source, target)):
        layers = found.old_layers + found.new_layers
        return WeightsUpgrade((), notes, layers, identity[2], False)

    def unchanged() -> None:
        if _has_changed(source, identity):
            raise WeightsError(source, 0, "the file has changed while it was read; try again")

    if target is None:
        return _write(source, None, found, taken, notes, progress)
    with writing_atomically(target, unchanged) as stream:
        return _write(source, stream.fileno(), found, taken, notes, progress)


def _same_file(source: Path, target: Path) -> bool:
    try:
        return os.path.samefile(source, target)
    except OSError:
        return False


def _has_changed(source: Path, identity: tuple[int, ...]) -> bool:
    with mapped(source) as file:
        return file.identity != identity


def _plan(
    source: Path, found: Survey, steps: Sequence[Step], unsafe: bool
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The steps that the net needs, of those wanted, and why others that it needs are not taken."""
    needed = {
        "v0": found.v0,
        "data": found.transforms,
        "v1": found.old_layers > 0,
        "input": bool(found.inputs),
        "batch-norm": found.batch_norms,
    }
    taken = [step for step in CAFFE_STEPS if step in steps and needed.get(step, False)]
    notes = []
    if "v1" in taken and found.v0 and "v0" not in taken:
        taken.remove("v1")
        notes.append("V1 layers stay as they are: V0 layers are among them, which come first")
    if "v1" in taken and found.new_layers and not unsafe:
        raise WeightsError(
            source,
            found.mixed_at,
            f"has {found.old_layers} `layers` and {found.new_layers} `layer`; Caffe refuses a net "
            "that mixes them: --unsafe makes all of them `layer`",
        )
    if "input" in taken:
        lacking, said = _check_inputs(found)
        notes += said
        if lacking:
            taken.remove("input")
    return tuple(taken), tuple(notes)


def _check_inputs(found: Survey) -> tuple[bool, list[str]]:
    """Whether shapes of inputs are missing, and what is to be said of that or of ones too many."""
    count = len(found.inputs)
    if found.input_shapes:
        have, want, what = len(found.input_shapes), count, "input_shape"
    elif found.input_dims:
        have, want, what = len(found.input_dims), count * _INPUT_AXES, "input_dim"
    else:
        return False, []
    said = f"{count} input and {have} {what}, where {want} are needed: "
    if have < want:
        return True, [f"{said}the input fields stay as they are, and Caffe cannot load the net"]
    return False, [f"{said}those behind were dropped"] if have > want else []


def _input_layer(found: Survey) -> bytes:
    """The Input layer that stands for the `input` fields; nothing if they have no shapes."""
    if not found.input_shapes and not found.input_dims:
        return b""
    layer, param = layout("LayerParameter").numbers, layout("InputParameter").numbers
    shapes = list(found.input_shapes)
    if not shapes:
        dims = found.input_dims
        dim = layout("BlobShape").numbers["dim"]
        for at in range(0, len(found.inputs) * _INPUT_AXES, _INPUT_AXES):
            packed = b"".join(map(encode_varint, dims[at : at + _INPUT_AXES]))
            shapes.append(encode(b"", [Piece(dim, LENGTH, packed)]))
    wanted = shapes[: len(found.inputs)]
    fields = [
        Piece(layer["name"], LENGTH, b"input"),
        Piece(layer["type"], LENGTH, b"Input"),
        *(Piece(layer["top"], LENGTH, name) for name in found.inputs),
        Piece(
            layer["input_param"],
            LENGTH,
            encode(b"", [Piece(param["shape"], LENGTH, shape) for shape in wanted]),
        ),
    ]
    inner = Piece(layout("NetParameter").numbers["layer"], LENGTH, encode(b"", fields))
    return encode(b"", [inner])


class _Output:
    """Where the new net goes: a file, or nowhere when only its size and notes are wanted."""

    def __init__(self, file: MappedFile, target: int | None, progress: Progress | None) -> None:
        self.size = 0
        self._file = file
        self._target = target
        self._progress = progress
        self._buffer = bytearray()
        self._told = 0

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self._target is not None:
            self._buffer += data
            if len(self._buffer) >= _BUFFER:
                self.flush()

    def copy(self, span: Span) -> None:
        if span.end - span.start < _IN_MEMORY:
            self.write(self._file.data[span.start : span.end])
            return
        self.size += span.end - span.start
        if self._target is not None:
            self.flush()
            for at in self._file.copy(span.start, span.end, self._target):
                self.tell(at)

    def put(self, piece: Piece) -> None:
        self.write(head_of(piece))
        if isinstance(piece.value, bytes):
            self.write(piece.value)
        else:
            self.copy(piece.value)

    def tell(self, at: int) -> None:
        """Say how far the source has been gone through, about once a megabyte."""
        if self._progress is not None and (at - self._told >= _BUFFER or at == self._file.size):
            self._told = at
            self._progress(at, self._file.size)

    def flush(self) -> None:
        assert self._target is not None
        with memoryview(self._buffer) as view:
            written = 0
            while written < len(view):
                written += os.write(self._target, view[written:])
        self._buffer.clear()


def _write(
    source: Path,
    target: int | None,
    found: Survey,
    taken: tuple[Step, ...],
    notes: tuple[str, ...],
    progress: Progress | None,
) -> WeightsUpgrade:
    """Go through the net a second time and write what it becomes."""
    about = _Notes()
    with mapped(source) as file:
        output = _Output(file, target, progress)
        try:
            layers = _rewrite(file, output, found, taken, about)
        except WireError as error:
            raise WeightsError(source, error.offset, error.problem) from None
        if target is not None:
            output.flush()
        output.tell(file.size)
    lines = (*notes, *about.lines())
    return WeightsUpgrade(taken, lines, layers, output.size, bool(taken))


def _rewrite(
    file: MappedFile, output: _Output, found: Survey, taken: tuple[Step, ...], about: _Notes
) -> int:
    """Write every field of the net, the old ones upgraded; gives the number of layers."""
    if not taken:
        output.copy(Span(0, file.size))
        return found.old_layers + found.new_layers
    net = layout("NetParameter").numbers
    dropped = {net[name] for name in ("input", "input_shape", "input_dim")}
    pending = _input_layer(found) if "input" in taken else b""
    layers = 1 if pending else 0
    makers: Makers = dict.fromkeys(found.inputs)
    for it in net_fields(file):
        if it.number in (net["layers"], net["layer"]):
            output.write(pending)
            pending = b""
            layers += _rewrite_layer(file, output, it, taken, makers, about)
        elif "input" not in taken or it.number not in dropped:
            output.copy(Span(it.start, it.end))
        output.tell(it.end)
    return layers


def _rewrite_layer(
    file: MappedFile,
    output: _Output,
    it: Field,
    taken: tuple[Step, ...],
    makers: Makers,
    about: _Notes,
) -> int:
    """Write one layer; gives how many it became: none if it is a padding layer, else one."""
    net, data = layout("NetParameter").numbers, file.data
    if it.number == net["layer"]:
        layer = pieces_of(data, Span(it.begin, it.end)) if "batch-norm" in taken else []
        if not layer or not has_old_batch_norm(data, layer):
            output.copy(Span(it.start, it.end))
            return 1
        _put_layer(output, net["layer"], upgrade_batch_norm(data, layer))
        return 1
    layer = pieces_of(data, Span(it.begin, it.end))
    name = layer_name(data, layer, "V1LayerParameter")
    number = it.number
    if "v0" in taken:
        upgraded, remarks = upgrade_v0(data, layer, makers)
        about.add(name, remarks)
        if upgraded is None:
            return 0
        layer = upgraded
    if "data" in taken:
        layer = upgrade_transform(data, layer)
    if "v1" in taken:
        layer, remarks = upgrade_v1(data, layer)
        about.add(name, remarks)
        number = net["layer"]
    _put_layer(output, number, layer)
    return 1


def _put_layer(output: _Output, number: int, layer: list[Piece]) -> None:
    """Write a layer by field numbers, as protobuf itself does."""
    ordered = sorted(layer, key=lambda piece: piece.number)
    size = sum(len(head_of(piece)) + size_of(piece.value) for piece in ordered)
    head = Piece(number, LENGTH, Span(0, size))
    output.write(head_of(head))
    for piece in ordered:
        output.put(piece)
