"""By which field two losses differ that do not give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from protofix.infogain.maths import Normalization
from protofix.infogain.proof.differences import layer_differences
from protofix.infogain.proof.heads import Batch, LossSettings, Outcome
from protofix.infogain.proof.operations import CannotRun
from protofix.infogain.proof.results import TOLERANCE
from protofix.infogain.proof.trials import Trial, difference, effective_settings

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
        elif max(difference(own, changed)) > TOLERANCE:
            return True
    return False


def _tried(compute: _Compute, batch: Batch, settings: LossSettings) -> Outcome | None:
    try:
        return compute(batch, settings=settings)
    except CannotRun:
        return None


def _between(trial: Trial) -> Iterator[str]:
    if trial.era == "legacy" and trial.target == "fused":
        for layer in trial.heads.new.layers:
            if layer.type == "Softmax":
                yield f"Softmax `{layer.name}` works twice: today's loss has a softmax inside"
    ours = {layer.name: layer for layer in trial.heads.old.layers}
    theirs = {layer.name: layer for layer in trial.heads.new.layers}
    for name, layer in ours.items():
        if name in theirs:
            yield from layer_differences(layer, theirs[name], _OF_THE_LOSS)
    # The layer of a Caffe before April 2017 wants a Softmax that today's has inside.
    meant = {"old": trial.era == "legacy", "new": trial.target == "legacy"}
    for which, here, there in (("old", ours, theirs), ("new", theirs, ours)):
        for name, layer in here.items():
            if name not in there and not (layer.type == "Softmax" and meant[which]):
                yield f"{layer.type} `{name}` is between scores and loss in the {which} net only"


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
