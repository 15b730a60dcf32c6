"""By which field two losses differ that do not give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from protofix.infogain.chains import softmax_axis
from protofix.infogain.losses import class_axis
from protofix.infogain.maths import Normalization
from protofix.infogain.proof.differences import layer_differences
from protofix.infogain.proof.heads import Batch, LossSettings, Outcome
from protofix.infogain.proof.operations import CannotRun
from protofix.infogain.proof.results import TOLERANCE
from protofix.infogain.proof.trials import Trial, difference, effective_settings
from protofix.infogain.scores import are_scores
from protofix.net.layers import Layer
from protofix.textproto.literals import parse_bool

_SMALL_SHIFT = 1e-6
"""Of a Log layer: one that only keeps it from infinity."""
_OF_THE_LOSS = frozenset({"loss_param", "loss_weight", "infogain_loss_param", "softmax_param"})


class _Compute(Protocol):
    """One side of a trial, with settings of choice."""

    def __call__(self, batch: Batch, *, settings: LossSettings) -> Outcome: ...


def causes_of(trial: Trial) -> Iterator[str]:
    """The settings of the losses that make a difference, each found by trying the other's.

    Where none does, the layers between scores and loss in which the nets differ.
    """
    first, second = trial.losses
    old = effective_settings(first, trial.era)
    new = effective_settings(second, trial.target)
    # A layer of old Caffe reads no settings: what the other one reads is held against it.
    compute: _Compute = trial.new
    base, other = new, old
    if trial.target == "legacy" and second.type == "InfogainLoss":
        compute, base, other = trial.old, old, new
    found = False
    # What is ignored decides what a normalization divides by, so it comes first.
    for name in ("axis", "ignore_label", "normalization", "loss_weight"):
        if getattr(old, name) == getattr(new, name):
            continue
        changed = base._replace(**{name: getattr(other, name)})
        if _matters(trial, compute, base, changed):
            found = True
            yield _in_words(name, getattr(old, name), getattr(new, name), trial.era == "legacy")
        base = changed
    if not found:
        yield from _between(trial)


def _matters(trial: Trial, compute: _Compute, one: LossSettings, other: LossSettings) -> bool:
    """Whether a loss would be another one with other settings."""
    for batch in trial.batches():
        own, changed = _tried(compute, batch, one), _tried(compute, batch, other)
        if own is None or changed is None:
            if own is not changed:
                return True
        elif not (own.finite or changed.finite):
            continue  # What is no number differs from itself.
        elif max(difference(own, changed)) > TOLERANCE:
            return True
    return False


def _tried(compute: _Compute, batch: Batch, settings: LossSettings) -> Outcome | None:
    try:
        return compute(batch, settings=settings)
    except CannotRun:
        return None


def axis_cause(trial: Trial) -> tuple[str, ...]:
    """That the losses have their classes along another axis each, if they do."""
    old = effective_settings(trial.losses[0], trial.era)
    new = effective_settings(trial.losses[1], trial.target)
    if old.axis == new.axis:
        return ()
    return (_in_words("axis", old.axis, new.axis, trial.era == "legacy"),)


def _between(trial: Trial) -> Iterator[str]:
    """In what the layers differ that stand between scores and loss."""
    ours = {layer.name: layer for layer in trial.heads.old.layers}
    theirs = {layer.name: layer for layer in trial.heads.new.layers}
    yield from _marked(trial)
    differ = [
        cause
        for name, layer in ours.items()
        if name in theirs
        for cause in layer_differences(layer, theirs[name], _OF_THE_LOSS)
    ]
    yield from differ
    told = set()
    if trial.era == "legacy" and trial.target == "fused":
        for layer, cause in _probabilities_taken_for_scores(trial, bool(differ)):
            told.add(layer.name)
            yield cause
    if trial.era == "fused" and trial.target == "legacy":
        yield from _scores_taken_for_probabilities(trial)
    # The layer of a Caffe before April 2017 wants a Softmax that today's has inside, which takes
    # back what a Log layer does.
    meant = {"old": trial.era == "legacy", "new": trial.target == "legacy"}
    for which, here, there in (("old", ours, theirs), ("new", theirs, ours)):
        for name, layer in here.items():
            if name in there or name in told or layer in trial.losses:
                continue
            undone = which == "new" and meant["old"] and _is_undone(layer)
            if not undone and not (layer.type == "Softmax" and meant[which]):
                yield f"{layer.type} `{name}` is between scores and loss in the {which} net only"


def _marked(trial: Trial) -> Iterator[str]:
    """What a Softmax says that the one inside the loss does not."""
    old, new = trial.heads.old, trial.heads.new
    for which, here, there in (("old", old, new), ("new", new, old)):
        others = {layer.name for layer in there.layers}
        for layer in here.layers:
            if layer.type != "Softmax" or layer.name in others:
                continue
            if any(parse_bool(mark.value) is False for mark in layer.propagate_down):
                yield f"`{layer.name}`: propagate_down false in the {which} net only"
            along, axis = softmax_axis(layer), class_axis(there.loss)
            if along != axis:
                yield f"Softmax `{layer.name}` is along axis {along}, the other loss along {axis}"


def _probabilities_taken_for_scores(trial: Trial, differ: bool) -> Iterator[tuple[Layer, str]]:
    """The layers of which today's loss gets what its softmax does not take back to what it was.

    With it comes how. `differ` tells that the nets differ in layers that both have.
    """
    layers = trial.heads.new.layers
    logs = [layer for layer in layers if layer.type == "Log"]
    for log in logs:
        base = log.values("log_param").real("base", -1.0)
        if base != -1:
            yield log, f"Log `{log.name}` has base {base:g}, and only base e is undone by the loss"
        elif _is_undone(log) and not differ:
            yield log, f"what Log `{log.name}` takes does not sum to 1, which the loss makes it do"
    for layer in () if logs else layers:
        if layer.type == "Softmax":
            yield layer, f"Softmax `{layer.name}` works twice: today's loss has a softmax inside"
        elif layer.type == "Sigmoid":
            yield layer, f"today's loss takes a softmax of what Sigmoid `{layer.name}` makes"


def _is_undone(layer: Layer) -> bool:
    """Whether a softmax takes back what a layer does to probabilities that sum to 1."""
    param = layer.values("log_param")
    plain = param.real("base", -1.0) == -1 and param.real("scale", 1.0) == 1
    return layer.type == "Log" and plain and abs(param.real("shift", 0.0)) < _SMALL_SHIFT


def _scores_taken_for_probabilities(trial: Trial) -> Iterator[str]:
    """Where the loss before April 2017 gets scores."""
    graph, loss = trial.heads.new.graph, trial.heads.new.loss
    if loss.type == "InfogainLoss" and are_scores(graph, graph.source_of(loss, 0)):
        yield "the loss before April 2017 takes probabilities, and there is no Softmax before it"


def _in_words(name: str, old: object, new: object, legacy: bool) -> str:
    if isinstance(new, Normalization) and isinstance(old, Normalization):
        if legacy:
            return f"normalization {new.value}: the old layer divided by the batch"
        return f"loss_param.normalization {old.value} → {new.value}"
    if name == "ignore_label":
        if legacy:
            return f"ignore_label {new}: the old layer ignored none"
        one, two = ("none" if it is None else it for it in (old, new))
        return f"loss_param.ignore_label {one} → {two}"
    if isinstance(old, float) and isinstance(new, float):
        return f"{name} {old:g} → {new:g}"
    return f"{name} {old} → {new}"
