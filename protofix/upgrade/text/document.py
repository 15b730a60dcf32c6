"""A prototxt in an old format to today's: the steps of Caffe's own upgrade, as edits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from caffe_proto import base_schema
from protofix.net.binding import kind_of_file
from protofix.textproto.draft import Item, draft_of, edits_of
from protofix.textproto.edits import apply_edits
from protofix.textproto.layout import Style, style_of
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document
from protofix.upgrade.facts import ALL_STEPS, CAFFE_STEPS, Step
from protofix.upgrade.text.batch_norm import upgrade_batch_norm
from protofix.upgrade.text.data import upgrade_data
from protofix.upgrade.text.inputs import upgrade_inputs
from protofix.upgrade.text.items import Note, Upgraded, layer_name
from protofix.upgrade.text.solver import upgrade_solver
from protofix.upgrade.text.spellings import upgrade_spellings
from protofix.upgrade.text.v0 import upgrade_v0
from protofix.upgrade.text.v1 import upgrade_v1

_NET_STEPS: dict[Step, Callable[[Sequence[Item], Style], Upgraded]] = {
    "v0": upgrade_v0,
    "data": upgrade_data,
    "v1": upgrade_v1,
    "input": upgrade_inputs,
    "batch-norm": upgrade_batch_norm,
    "spellings": upgrade_spellings,
}

# Lists of messages whose elements a step has to look into.
_LISTS = frozenset({"layer", "layers", "param", "input_shape"})

_NETS_OF_A_SOLVER = ("net_param", "train_net_param", "test_net_param")


class UpgradeError(ValueError):
    """A file cannot be upgraded; the message is one line that begins with the place."""


@dataclass(frozen=True)
class Upgrade:
    """An upgraded text: the steps that changed it, and what is to be said of it.

    The notes that say `left` tell of what stays in an old format; their offsets are those of
    `before`.
    """

    before: Document
    after: Document
    steps: tuple[Step, ...]
    notes: tuple[Note, ...]

    @property
    def changed(self) -> bool:
        """Whether the text is another one."""
        return self.after.text != self.before.text

    @property
    def complete(self) -> bool:
        """Whether nothing is left in an old format."""
        return not any(note.left for note in self.notes)


def upgrade_document(
    document: Document, steps: Sequence[Step] = CAFFE_STEPS, unsafe: bool = False
) -> Upgrade:
    """Upgrade a net or a solver; a net given inside a solver too.

    A net that has both `layer` and `layers` is made whole only if `unsafe`: Caffe refuses it, and
    older ones lost a part of it. Raises `UpgradeError` for such a net otherwise, for a file that is
    none of Caffe's, and for one with syntax errors.
    """
    kind = _kind_of(document)
    if kind == "LabelMap":  # It has one format only.
        return Upgrade(document, document, (), ())
    draft = draft_of(document, _LISTS)
    style = style_of(document)
    items: tuple[Item, ...] = draft.items
    ordered = [step for step in ALL_STEPS if step in steps]
    taken: list[Step] = []
    notes: list[Note] = []
    if kind == "NetParameter" and not unsafe:
        _refuse_mixture(document, items)
    for step in ordered:
        result = _step(step, kind, items, style)
        if any(new is not old for new, old in zip(result.items, items, strict=False)) or len(
            result.items
        ) != len(items):
            taken.append(step)
        items = result.items
        notes += result.notes
    edits = edits_of(draft, items)
    if not edits:
        return Upgrade(document, document, (), tuple(notes))
    after = read(Source(apply_edits(document.text, edits), document.source.path))
    if after.diagnoses:
        where = after.source.position(after.diagnoses[0].start)
        raise UpgradeError(f"{document.source.path}: the result cannot be read at its {where}")
    return Upgrade(document, after, tuple(taken), tuple(notes))


def _step(step: Step, kind: str, items: tuple[Item, ...], style: Style) -> Upgraded:
    if kind == "NetParameter":
        run = _NET_STEPS.get(step)
        return run(items, style) if run else Upgraded(items)
    if step == "solver":
        return upgrade_solver(items, style)
    notes: list[Note] = []
    new: list[Item] = []
    for item in items:
        if item.name in _NETS_OF_A_SOLVER and item.items is not None:
            net = _NET_STEPS[step](item.items, style)
            notes += net.notes
            same = len(net.items) == len(item.items) and all(
                a is b for a, b in zip(net.items, item.items, strict=True)
            )
            new.append(item if same else replace(item, items=net.items))
        else:
            new.append(item)
    return Upgraded(tuple(new), tuple(notes))


def _kind_of(document: Document) -> str:
    source = document.source
    if document.diagnoses:
        first = document.diagnoses[0]
        line, column = source.position(first.start)
        count = len(document.diagnoses) - 1
        more = f" (and {count} more: see protofix check)" if count else ""
        raise UpgradeError(f"{source.path}:{line}:{column}: {first.message}{more}")
    kind = kind_of_file(document, base_schema())
    if not document.fields or kind is None:
        raise UpgradeError(f"{source.path}: is no Caffe file: give a net, a solver or weights")
    return kind


def _refuse_mixture(document: Document, items: tuple[Item, ...]) -> None:
    old = [item for item in items if item.name == "layers"]
    new = [item for item in items if item.name == "layer"]
    if old and new:
        raise UpgradeError(
            f"{document.source.path}: mixes {_listed(document, old)} with "
            f"{_listed(document, new)}, which Caffe refuses; --unsafe makes it whole"
        )


def _listed(document: Document, layers: list[Item]) -> str:
    some = ", ".join(
        f"{layer_name(layer)} (line {document.source.position(layer.at).line})"
        for layer in layers[:6]
    )
    more = f" and {len(layers) - 6} more" if len(layers) > 6 else ""
    return f"{len(layers)} `{layers[0].name}` ({some}{more})"
