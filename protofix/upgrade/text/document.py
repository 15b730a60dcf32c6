"""A prototxt in an old format to today's: the steps of Caffe's own upgrade, as edits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from protofix.net.binding import Misfit
from protofix.net.dialects import Dialect, Fit, fit
from protofix.net.kinds import NETS_OF_SOLVERS
from protofix.net.layers import PADDING, BlobName, Layer, bind
from protofix.net.parameters import SCALE_BEFORE_STATISTICS
from protofix.textproto.draft import Draft, Item, draft_of, edits_of
from protofix.textproto.edits import apply_edits
from protofix.textproto.layout import Style, style_of
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document
from protofix.upgrade.facts import (
    ALL_STEPS,
    CAFFE_STEPS,
    STEP_TITLES,
    Step,
    check_steps,
)
from protofix.upgrade.text.batch_norm import upgrade_batch_norm
from protofix.upgrade.text.data import upgrade_data
from protofix.upgrade.text.inputs import upgrade_inputs
from protofix.upgrade.text.reading import layer_name
from protofix.upgrade.text.solver import upgrade_solver
from protofix.upgrade.text.spellings import upgrade_spellings
from protofix.upgrade.text.step import NetStep, Note, Upgraded, same
from protofix.upgrade.text.v0 import upgrade_v0
from protofix.upgrade.text.v1 import upgrade_v1

_NET_STEPS: dict[Step, NetStep] = {
    "v0": upgrade_v0,
    "data": upgrade_data,
    "v1": upgrade_v1,
    "input": upgrade_inputs,
    "batch-norm": upgrade_batch_norm,
    "spellings": upgrade_spellings,
}

# Lists of messages whose elements a step has to look into.
_LISTS = frozenset({"layer", "layers", "param", "input_shape", *NETS_OF_SOLVERS})

# What Caffe refuses to read, so that nobody can say what it would make of it.
_UNREADABLE = ("repeated-field", "unknown-enum-value")
# What the results of steps need that some forks lack.
_NEEDED: dict[Step, tuple[str, str]] = {
    "input": ("LayerParameter", "input_param"),
    "solver": ("SolverParameter", "type"),
}
_TYPES = ("V1LayerParameter.LayerType", "SolverParameter.SolverType")


class UpgradeError(ValueError):
    """A file cannot be upgraded; the message is one line that begins with the place."""


@dataclass(frozen=True)
class Upgrade:
    """An upgraded text: the steps that changed it, and what is to be said of it.

    The offsets of the notes are those of `before`.
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
        """Whether the steps that were asked for left nothing undone."""
        return not any(note.left for note in self.notes)


def upgrade_document(
    document: Document,
    steps: Sequence[Step] = CAFFE_STEPS,
    unsafe: bool = False,
) -> Upgrade:
    """Upgrade a document, as `Upgrader.upgrade` does, which tells the errors too."""
    check_steps(steps)
    return Upgrader(document).upgrade(steps, unsafe)


class Upgrader:
    """Upgrades a net or a solver, and the nets that a solver holds, by one set of steps or more.

    What they all begin with is worked out once.
    """

    def __init__(self, document: Document, fitted: Fit | None = None) -> None:
        """`fitted` is the document as its dialect reads it, for those who know already.

        Raises `UpgradeError` for a file that is none of Caffe's and for one with syntax errors.
        """
        self._document = document
        self._kind, self._fitted = _fitted(document, fitted)

    @cached_property
    def left(self) -> Mapping[Step, str]:
        """The steps whose result would mean something else to the fork that a file is for, and why.

        They are left out of an upgrade, unless steps are chosen one by one.
        """
        return _left(self._fitted.dialect)

    @cached_property
    def _draft(self) -> Draft:
        return draft_of(self._document, _LISTS)

    @cached_property
    def _style(self) -> Style:
        return style_of(self._document)

    def upgrade(self, steps: Sequence[Step] = CAFFE_STEPS, unsafe: bool = False) -> Upgrade:
        """Take some steps.

        A net that has both `layer` and `layers` is made whole only if `unsafe`: Caffe refuses it,
        and older ones lost a part of it. What is `left` is taken only if `steps` are chosen one by
        one.

        Raises `UpgradeError` for a mixed net if not `unsafe`, and ValueError for a step that does
        not exist.
        """
        check_steps(steps)
        document, kind = self._document, self._kind
        if kind == "LabelMap":  # It has one format only.
            return Upgrade(document, document, (), ())
        draft = self._draft
        if not unsafe:
            _in_each_net(kind, draft.items, lambda net: _refuse_mixture(document, net))
        items: tuple[Item, ...] = draft.items
        taken: list[Step] = []
        notes: list[Note] = []
        # Who asks for a few steps means them.
        left = self.left if set(CAFFE_STEPS) <= set(steps) else {}
        for step in ALL_STEPS:
            if step in steps:
                result = _step(step, kind, items, self._style)
                if step in left and not same(result.items, items):
                    notes.append(Note(document.fields[0].start, left[step], False))
                    continue
                taken += [] if same(result.items, items) else [step]
                items = result.items
                notes += result.notes
        notes += _unreadable(document, self._fitted.misfits, draft.items)
        after = document
        edits = edits_of(draft, items)
        if edits:
            after = read(Source(apply_edits(document.text, edits), document.source.path))
            _check(document, after, kind)
        return Upgrade(document, after, tuple(taken), tuple(notes))


def _left(dialect: Dialect) -> dict[Step, str]:
    why = {
        step: f"{dialect.title} has no `{field}`"
        for step, (message, field) in _NEEDED.items()
        if (known := dialect.schema.messages.get(message)) is None or field not in known.fields
    }
    if dialect.name in SCALE_BEFORE_STATISTICS:
        why["batch-norm"] = f"{dialect.title} learns the first of them, a factor and a bias"
    return {
        step: f"{STEP_TITLES[step]}: left, since {reason}; --step {step} does it all the same"
        for step, reason in why.items()
    }


def _step(step: Step, kind: str, items: tuple[Item, ...], style: Style) -> Upgraded:
    if step == "solver":
        return upgrade_solver(items, style) if kind == "SolverParameter" else Upgraded(items)
    return _in_each_net(kind, items, lambda net: _NET_STEPS[step](net, style))


def _in_each_net(
    kind: str, items: tuple[Item, ...], work: Callable[[Sequence[Item]], Upgraded]
) -> Upgraded:
    """Work on the net that a file is, or on each of those in a solver."""
    if kind == "NetParameter":
        return work(items)
    new: list[Item] = []
    notes: list[Note] = []
    for item in items:
        if item.name in NETS_OF_SOLVERS and item.items is not None:
            net = work(item.items)
            notes += net.notes
            item = item if same(net.items, item.items) else replace(item, items=net.items)
        new.append(item)
    return Upgraded(tuple(new), tuple(notes))


def _fitted(document: Document, known: Fit | None) -> tuple[str, Fit]:
    """What a file is, in which dialect, and what of it does not fit that."""
    refuse_mistakes(document, UpgradeError)
    fitted = fit(document) if known is None else known
    if fitted.kind is None:
        path = document.source.path
        raise UpgradeError(f"{path}: is no Caffe file: give a net, a solver or weights")
    return fitted.kind, fitted


def refuse_mistakes(document: Document, error: type[ValueError]) -> None:
    """Raise an error of that type, with the place of the first, if a text has syntax errors."""
    if document.diagnoses:
        first = document.diagnoses[0]
        count = len(document.diagnoses) - 1
        more = f" (and {count} more: see protofix check)" if count else ""
        raise error(f"{_place(document, first.start)}: {first.message}{more}")


def _refuse_mixture(document: Document, items: Sequence[Item]) -> Upgraded:
    old = [item for item in items if item.name == "layers"]
    new = [item for item in items if item.name == "layer"]
    if old and new:
        rarer = min(old, new, key=len)
        raise UpgradeError(
            f"{_place(document, rarer[0].at)}: mixes {_listed(document, old)} with "
            f"{_listed(document, new)}, which Caffe refuses; --unsafe makes it whole"
        )
    return Upgraded(tuple(items))


def _listed(document: Document, layers: list[Item]) -> str:
    some = ", ".join(
        f"{layer_name(layer)} (line {document.source.position(layer.at).line})"
        for layer in layers[:6]
    )
    more = f" and {len(layers) - 6} more" if len(layers) > 6 else ""
    return f"{len(layers)} `{layers[0].name}` ({some}{more})"


def _unreadable(document: Document, misfits: Sequence[Misfit], items: Sequence[Item]) -> list[Note]:
    """What Caffe could not read in old layers or of a solver's type.

    Of types that nobody knows the steps have told.
    """
    old = {item.at for item in items if item.name in ("layers", "solver_type", *NETS_OF_SOLVERS)}
    stretches = [(node.start, node.end) for node in document.fields if node.start in old]
    if not stretches:
        return []
    starts = [start for start, _ in stretches]
    notes: list[Note] = []
    for misfit in misfits:
        told = misfit.lacks is not None and misfit.lacks.owner in _TYPES
        place = bisect_right(starts, misfit.start) - 1
        inside = place >= 0 and misfit.start < stretches[place][1]
        if misfit.kind in _UNREADABLE and not told and inside:
            said = f"{misfit.message}; Caffe cannot read it, left as it is"
            notes.append(Note(misfit.start, said, True))
    return notes


def _check(before: Document, after: Document, kind: str) -> None:
    """Raise UpgradeError if the result is no text, or another net: a mistake of ours."""
    if after.diagnoses:
        first = after.diagnoses[0]
        said = f"would be written as what cannot be read: {first.message}; please report it"
        raise UpgradeError(f"{_place(after, first.start)}: {said}")
    if kind == "NetParameter":
        problem = _difference(bind(before).layers, bind(after).layers)
        if problem:
            raise UpgradeError(f"{before.source.path}: {problem}; please report it")


def _difference(before: Sequence[Layer], after: Sequence[Layer]) -> str | None:
    """What layer of a net is not what it was, but for padding folded and an Input layer added."""
    rest = list(after)
    if len(rest) > len(before) - sum(layer.type == PADDING for layer in before):
        rest = rest if not rest or rest[0].type != "Input" else rest[1:]
    aliases: dict[str, str] = {}  # What a padding layer made, and what it read.
    place = 0
    for layer in before:
        tops = _names(layer.tops)
        bottoms = [aliases.get(bottom.name, bottom.name) for bottom in layer.bottoms]
        new = rest[place] if place < len(rest) else None
        same_one = new is not None and (new.name, _names(new.tops)) == (layer.name, tops)
        same_inputs = new is not None and _names(new.bottoms) == bottoms
        stays = same_one and same_inputs and new is not None and new.type == PADDING
        if layer.type == PADDING and not stays:
            if bottoms:
                aliases.update(dict.fromkeys(tops, bottoms[0]))
            continue
        place += 1
        for top in tops:
            aliases.pop(top, None)
        if not same_one:
            return f"layer `{layer.name}` would be lost"
        if not same_inputs:
            return f"layer `{layer.name}` would read other blobs"
    return None if place == len(rest) else f"a layer `{rest[place].name}` would be added"


def _names(blobs: Sequence[BlobName]) -> list[str]:
    return [blob.name for blob in blobs]


def _place(document: Document, offset: int) -> str:
    line, column = document.source.position(offset)
    return f"{document.source.path}:{line}:{column}"
