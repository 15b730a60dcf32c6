"""Binary nets (`.caffemodel`) to today's format, by splicing: blobs are copied as bytes.

A net is gone through twice. The first time everything but the values of blobs is checked and what
is old is found (`survey`); the second time each layer is written anew from its own fields, in the
order of the file. Neither holds more than one layer's small fields and, of a net with padding
layers, who reads them; so memory does not depend on the size of the file.

What is done is what Caffe 1.0 does when it loads a net (UpgradeNetAsNeeded), in its order. Blobs
are never dropped, not even where Caffe would.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from protofix.files import writing_atomically
from protofix.upgrade.facts import CAFFE_STEPS, Step, check_steps
from protofix.upgrade.weights.inputs import check_inputs, input_layer
from protofix.upgrade.weights.mapped import MappedFile, WeightsError, identity_of, mapped
from protofix.upgrade.weights.messages import layer_name, wire_message
from protofix.upgrade.weights.notes import LayerNotes, Note
from protofix.upgrade.weights.output import IntoFile, Nowhere, Output, Progress, Sink
from protofix.upgrade.weights.survey import Survey, survey
from protofix.upgrade.weights.v0 import upgrade_v0
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
    head_of,
    pieces_of,
    size_of,
)


@dataclass(frozen=True)
class WeightsUpgrade:
    """What became of a binary net.

    Attributes:
        steps: the steps that were taken, in Caffe's order; none if the net is up to date.
        notes: what could not be upgraded, and what was dropped or kept, and why.
        layers: how many layers the net has now.
        size: its bytes.
        changed: whether it is another file than before.

    """

    steps: tuple[Step, ...]
    notes: tuple[Note, ...]
    layers: int
    size: int
    changed: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do and nothing was lost."""
        return not any(note.left for note in self.notes)


@dataclass(frozen=True)
class _Plan:
    """What a net has, the steps that it is to take of those wanted, and why not others."""

    found: Survey
    wanted: frozenset[Step]
    taken: tuple[Step, ...]
    notes: tuple[Note, ...]


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

    Raises ValueError for a step that there is not, WeightsError for anything but a whole binary
    net, and FileError if one of the files cannot be read or written. The target is then as it was.
    """
    check_steps(steps)
    with mapped(source) as file:
        found = survey(file)
        size, identity = file.size, file.identity
    plan = _plan(source, found, frozenset(steps), unsafe)
    if not plan.taken and (target is None or _same_file(source, target)):
        return WeightsUpgrade((), plan.notes, found.old_layers + found.new_layers, size, False)

    def unchanged() -> None:
        if identity_of(source) != identity:
            raise WeightsError(source, 0, "the file has changed while it was read; try again")

    if target is None:
        return _write(source, Nowhere(), plan, progress)
    with writing_atomically(target, unchanged, source) as stream:
        return _write(source, IntoFile(stream.fileno()), plan, progress)


def _same_file(source: Path, target: Path) -> bool:
    try:
        return os.path.samefile(source, target)
    except OSError:
        return False


def _plan(source: Path, found: Survey, wanted: frozenset[Step], unsafe: bool) -> _Plan:
    """Choose the steps that the net needs, of those wanted."""
    needed = {
        "v0": found.v0,
        "data": found.transforms,
        "v1": found.old_layers > 0,
        "input": bool(found.inputs),
        "batch-norm": found.batch_norms,
    }
    taken = [step for step in CAFFE_STEPS if step in wanted and needed.get(step, False)]
    notes = []
    if "v1" in taken and found.v0 and "v0" not in taken:
        taken.remove("v1")
        said = "V1 layers stay as they are: V0 layers are among them, which come first"
        notes.append(Note(said, True))
    if "v1" in taken and found.new_layers and not unsafe:
        raise WeightsError(
            source,
            found.mixed_at,
            f"has {found.old_layers} `layers` and {found.new_layers} `layer`; Caffe refuses a net "
            "that mixes them: --unsafe makes all of them `layer`",
        )
    if "input" in taken:
        possible, said_of_inputs = check_inputs(found, found.old_layers > 0 and "v1" not in taken)
        notes += said_of_inputs
        if not possible:
            taken.remove("input")
    return _Plan(found, wanted, tuple(taken), tuple(notes))


def _write(source: Path, sink: Sink, plan: _Plan, progress: Progress | None) -> WeightsUpgrade:
    """Go through the net a second time and write what it becomes."""
    about = LayerNotes()
    with mapped(source) as file:
        output = Output(file, sink, progress)
        try:
            layers = _rewrite(file, output, plan, about)
        except WireError as error:
            raise WeightsError(source, error.offset, error.problem) from None
        output.finish()
    notes = (*plan.notes, *about.lines())
    return WeightsUpgrade(plan.taken, notes, layers, output.size, bool(plan.taken))


def _rewrite(file: MappedFile, output: Output, plan: _Plan, about: LayerNotes) -> int:
    """Write every field of the net, the old ones upgraded; gives the number of layers."""
    if not plan.taken:
        output.copy(Span(0, file.size))
        return plan.found.old_layers + plan.found.new_layers
    net = wire_message("NetParameter")
    inputs_go = "input" in plan.taken
    dropped = ("input", "input_shape", "input_dim") if inputs_go else ()
    pending = input_layer(plan.found) if inputs_go else b""
    layers = 1 if pending else 0
    for it in file.fields():
        known = net.known(it)
        name = "" if known is None else known.name
        if name in ("layers", "layer"):
            output.write(pending)
            pending = b""
        if name == "layers":
            layers += _rewrite_old(file, output, it, plan, about)
        elif name == "layer":
            _rewrite_new(file, output, it, plan)
            layers += 1
        elif name not in dropped:
            output.copy(Span(it.start, it.end))
        output.tell(it.end)
    return layers


def _rewrite_new(file: MappedFile, output: Output, it: Field, plan: _Plan) -> None:
    """Write one of today's layers."""
    if "batch-norm" in plan.taken:
        layer = pieces_of(file.data, Span(it.begin, it.end))
        if has_old_batch_norm(file.data, layer):
            _put_layer(output, it.number, upgrade_batch_norm(file.data, layer))
            return
    output.copy(Span(it.start, it.end))


def _rewrite_old(
    file: MappedFile, output: Output, it: Field, plan: _Plan, about: LayerNotes
) -> bool:
    """Write a V0 or V1 layer; tells whether it is one still, and no padding that goes."""
    data, padding, number = file.data, plan.found.padding, it.number
    layer = pieces_of(data, Span(it.begin, it.end))
    name = layer_name(data, layer, "V1LayerParameter")
    strange_type = None
    if "v0" in plan.taken:
        if it.start in padding.notes:
            about.add(name, [padding.notes[it.start]])
        if it.start in padding.gone:
            return False
        onwards = "v1" in plan.taken
        layer, strange_type, notes = upgrade_v0(data, layer, padding.folds.get(it.start), onwards)
        about.add(name, notes)
    if "data" in plan.taken:
        layer = upgrade_transform(data, layer)
    if "v1" in plan.taken:
        layer, notes = upgrade_v1(data, layer, strange_type)
        about.add(name, notes)
        number = wire_message("NetParameter").numbers["layer"]
        # V0 has no such layers, but a type of a later format may be written in it.
        if "batch-norm" in plan.wanted and has_old_batch_norm(data, layer):
            layer = upgrade_batch_norm(data, layer)
    elif strange_type is not None:
        about.add(name, [Note("V1 has no number for its type: dropped, for want of step v1", True)])
    _put_layer(output, number, layer)
    return True


def _put_layer(output: Output, number: int, layer: list[Piece]) -> None:
    """Write a layer by field numbers, as protobuf itself does."""
    ordered = sorted(layer, key=lambda piece: piece.number)
    size = sum(len(head_of(piece)) + size_of(piece.value) for piece in ordered)
    head = Piece(number, LENGTH, Span(0, size))
    output.write(head_of(head))
    for piece in ordered:
        output.put(piece)
