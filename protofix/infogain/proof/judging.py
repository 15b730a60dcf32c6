"""One loss of two nets: tried with every batch, and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from protofix.files import NewFile
from protofix.infogain.losses import loss_axis
from protofix.infogain.proof.causes import axis_cause, causes_of
from protofix.infogain.proof.differences import upstream_differences, weight_differences
from protofix.infogain.proof.heads import Era, settings_of
from protofix.infogain.proof.matrices import (
    LossMatrix,
    made_differently,
    matrix_of,
    same_matrix,
    stand_in,
)
from protofix.infogain.proof.operations import CannotRun
from protofix.infogain.proof.pairs import Heads, LossPair
from protofix.infogain.proof.results import (
    TOLERANCE,
    Aspect,
    BatchProof,
    DrawnLayer,
    LossProof,
    Numbers,
    Verdict,
)
from protofix.infogain.proof.trials import Runner, Trial, effective_settings, numbers_of
from protofix.net.layers import Layer
from protofix.textproto.tree import Document

_NOT_HERE = ("missing", "unknown")
_H = frozenset[Aspect](("H",))
_LOSS_PARAM = frozenset[Aspect](("loss_param",))


@dataclass(frozen=True)
class ProofOptions:
    """What a proof is asked for.

    Attributes:
        target: the Caffe that the new net is for.
        files: what the new net names and is not on disk yet.
        only: indices of the losses of the new net that are to be proven, None all.
        compute: what computes heads, if not this program's own formulas.
        tolerance: the largest relative difference at which numbers count as equal.

    """

    target: Era = "fused"
    files: tuple[NewFile, ...] = ()
    only: frozenset[int] | None = None
    compute: Runner | None = None
    tolerance: float = TOLERANCE


class _Judgement(NamedTuple):
    """What is said of a loss: the verdict, its causes, and `LossProof.apart`."""

    verdict: Verdict
    causes: tuple[str, ...] = ()
    apart: Mapping[frozenset[Aspect], float] = {}


class LossProver:
    """Everything that the proof of one loss hangs on."""

    def __init__(
        self, pair: LossPair, heads: Heads, old: Document, new: Document, options: ProofOptions
    ) -> None:
        self.pair, self.heads, self.options = pair, heads, options
        self.remarks: list[str] = []
        self.own = (
            matrix_of(pair.old, pair.old_built.graph, old),
            matrix_of(pair.new, pair.new_built.graph, new, options.files),
        )
        graphs = pair.old_built.graph, pair.new_built.graph
        self.h_made = tuple(made_differently(*self.own, *graphs))
        self.h_differs = bool(self.h_made) or not same_matrix(*self.own)
        era = _written_for(heads)
        self.remarks += _of_todays_fields(pair.old, era)
        if era == "legacy" and self.own[0].legacy_fault:
            self.remarks.append(f"the old net would abort: {self.own[0].legacy_fault}")
        self.trial = Trial(
            heads,
            self._used(),
            era,
            options.target,
            next((one.classes for one in self.own if one.classes), None),
            options.compute,
            options.tolerance,
        )

    def proof(self) -> LossProof:
        """Try both losses with every batch and judge."""
        trial, heads = self.trial, self.heads
        # With an H at which Caffe aborts there is nothing to compute.
        weighted, refused = (None, fault) if (fault := self.own[1].fault) else self._weighted()
        rows = [] if fault else [trial.row(batch) for batch in trial.batches()]
        judgement = self._judged(self._counted(rows), refused)
        return LossProof(
            loss=self.pair.new.name,
            old_loss=self.pair.old.name,
            type=self.pair.new.type,
            states=(str(self.pair.state),),
            verdict=judgement.verdict,
            reference="legacy" if trial.era == "legacy" else "today",
            target=trial.target,
            scores=tuple(version.blob for version in heads.new.scores),
            matrices=(_origin(self.own[0]), _origin(self.own[1])),
            batches=tuple(rows),
            causes=judgement.causes,
            remarks=() if fault else tuple(self.remarks),
            aborts=dict(trial.aborts),
            old_steps=tuple(map(drawn_of, heads.old.layers)),
            new_steps=tuple(map(drawn_of, heads.new.layers)),
            apart=judgement.apart,
            weighted=weighted,
            curve=tuple(trial.curve()),
        )

    def _counted(self, rows: Sequence[BatchProof]) -> list[BatchProof]:
        """The batches that the old net could be given."""
        if self.trial.era == "legacy":
            return [row for row in rows if row.legacy is not None]
        return [row for row in rows if row.today is not None]

    def _used(self) -> tuple[LossMatrix, LossMatrix]:
        """The H that each side is computed with.

        One that is not here is taken to be the other's. Where the old loss has none by its type,
        the new one is computed with the identity, to see that nothing else has changed.
        """
        ours, theirs = self.own
        if ours.kind in _NOT_HERE and theirs.kind in _NOT_HERE:
            both = stand_in(self._classes())
            for origin in dict.fromkeys(self._missing(one) for one in self.own):
                self.remarks.append(f"{origin}: random numbers in its place")
            return both, both
        if ours.kind in _NOT_HERE:
            if theirs.kind != "identity" and ours.kind == "unknown":
                self.remarks.append(f"{ours.origin}: {theirs.origin} in its place")
            return theirs, theirs
        if theirs.kind in _NOT_HERE:
            self.remarks.append(f"{self._missing(theirs)}: {ours.origin} in its place")
            return ours, ours
        return (ours, ours) if ours.kind == "identity" else (ours, theirs)

    @staticmethod
    def _missing(matrix: LossMatrix) -> str:
        return "the loss has no H yet" if matrix.kind == "missing" else matrix.origin

    def _classes(self) -> int:
        shape = self.heads.shapes(1, None, False)[0]
        return shape[self.heads.axes()[0]]

    def _judged(self, counted: Sequence[BatchProof], refused: str) -> _Judgement:
        """The verdict, its causes, and what would be equal. `refused`: why the new loss aborts."""
        trial = self.trial
        # What a net learns does not hang on the weights of further tops, but its sum does.
        further = weight_differences(*trial.losses, first=2)
        upstream = (*upstream_of(self.pair, self.heads), *further)
        if refused:
            return _Judgement(Verdict.NOT_COMPARABLE, (*upstream, refused))
        if not counted or all(row.new is None for row in counted):
            reference = "legacy" if trial.era == "legacy" else "today"
            axis = axis_cause(trial)
            if axis:
                return _Judgement(Verdict.DIFFERENT, (*upstream, *axis))
            told = [trial.aborts[c] for c in (reference, "new") if c in trial.aborts]
            return _Judgement(Verdict.NOT_COMPARABLE, (*upstream, *dict.fromkeys(told)))
        wrong = not all(row.equal for row in counted)
        apart = {} if upstream else self._apart(counted, wrong)
        if wrong:
            causes = [*upstream]
            if _H not in apart:
                causes += causes_of(trial)
            causes += self.h_made
            if self._two_matrices and not self.h_made:
                causes.append(f"H: {self.own[0].origin} → {self.own[1].origin}")
            return _Judgement(Verdict.DIFFERENT, tuple(causes), apart)
        if upstream:
            return _Judgement(Verdict.DIFFERENT, upstream)
        if self.h_differs and self.own[0].kind != "missing":
            return _Judgement(Verdict.EQUAL_BUT_H, self.h_made, apart)
        if any(row.underflow for row in counted):
            return _Judgement(Verdict.EQUAL_BUT_UNDERFLOW)
        return _Judgement(Verdict.EQUAL)

    @property
    def _two_matrices(self) -> bool:
        """Whether the losses were computed with another H each."""
        ours, theirs = self.trial.matrices
        return ours is not theirs and self.h_differs

    def _apart(self, counted: Sequence[BatchProof], wrong: bool) -> dict[frozenset[Aspect], float]:
        """The largest difference once both losses are alike in something, where it is none."""
        trial = self.trial
        ours, theirs = trial.matrices
        found: dict[frozenset[Aspect], float | None] = {}
        if self.h_differs:
            one = theirs if theirs.kind == "identity" else ours
            trial = replace(trial, matrices=(one, one), aborts={})
            found[_H] = _largest(self._tried(trial) if self._two_matrices else counted)
        if wrong and self.options.target == "fused":
            first, second = trial.losses
            old = effective_settings(first, trial.era)
            alike = effective_settings(second, trial.target)._replace(
                ignore_label=old.ignore_label, normalization=old.normalization
            )
            both = _H | _LOSS_PARAM if self.h_differs else _LOSS_PARAM
            found[both] = _largest(self._tried(replace(trial, settings=alike, aborts={})))
        return {alike: most for alike, most in found.items() if most is not None}

    def _tried(self, trial: Trial) -> list[BatchProof]:
        return self._counted([trial.row(batch) for batch in trial.batches()])

    def _weighted(self) -> tuple[Numbers | None, str]:
        """The last batch with the new loss's own H, where the others were with the identity.

        With it comes why the loss aborts so, "" if it does not.
        """
        matrix = self.own[1]
        if not self.h_differs or self.own[0].kind != "identity" or matrix.kind in _NOT_HERE:
            return None, ""
        *_, last = (None, *self.trial.batches())
        if last is None:
            return None, ""
        try:
            return numbers_of(self.trial.new(last, matrix)), ""
        except CannotRun as error:
            return None, str(error)


def _largest(rows: Sequence[BatchProof]) -> float | None:
    """The largest difference of batches that are all equal, those that underflow left out."""
    if not all(row.equal for row in rows):
        return None
    return max((row.difference or 0.0 for row in rows if not row.underflow), default=0.0)


def _written_for(heads: Heads) -> Era:
    """The Caffe that a loss was written for: one that reads probabilities, for the old one."""
    old = heads.old
    if old.loss.type == "SoftmaxWithLoss" and settings_of(old.loss).aborts:
        return "legacy"
    types = {layer.type for layer in old.layers}
    from_makers = bool(types & {"Softmax", "Sigmoid"}) or heads.begin_with_probabilities
    reads_probabilities = from_makers and "Log" not in types
    return "legacy" if old.loss.type == "InfogainLoss" and reads_probabilities else "fused"


def _of_todays_fields(old: Layer, era: Era) -> list[str]:
    """That a loss which is held for an old one has what only today's layer reads, if it has."""
    if era == "fused" or old.type != "InfogainLoss":
        return []
    fields = ["loss_param"] if old.param("loss_param") else []
    fields += ["infogain_loss_param.axis"] if loss_axis(old) is not None else []
    if not fields:
        return []
    return [
        f"the old net's {' and '.join(fields)} did nothing before April 2017, as it is taken to be "
        "from: if it was written for today's Caffe, the Softmax before its loss was one too many"
    ]


def _origin(matrix: LossMatrix) -> str | None:
    return None if matrix.kind == "identity" else matrix.origin


def upstream_of(pair: LossPair, heads: Heads) -> list[str]:
    """In what the layers differ that make scores and labels."""
    labels = [heads.labels] if heads.labels else []
    contents = [*zip(heads.old.scores, heads.new.scores, strict=True), *labels]
    return upstream_differences(contents, pair.old_built.graph, pair.new_built.graph)


def drawn_of(layer: Layer) -> DrawnLayer:
    """A layer as it is drawn."""
    return DrawnLayer(
        layer.name,
        layer.type,
        tuple(blob.name for blob in layer.bottoms),
        tuple(blob.name for blob in layer.tops),
    )
