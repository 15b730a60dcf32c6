"""The proof after a rewrite: its structure read again, its numbers computed side by side."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from protofix.infogain.chains import Chain
from protofix.infogain.compute_h import compute_h_weights
from protofix.infogain.losses import loss_axis, source_of
from protofix.infogain.maths import (
    LossResult,
    Normalization,
    doubled_chain,
    fused_loss,
    legacy_chain,
)
from protofix.infogain.matrix.reading import read_h5_matrix, read_matrix
from protofix.infogain.matrix.values import MatrixError
from protofix.infogain.sources import GivenMatrix
from protofix.net.layers import Layer
from protofix.net.paths import find_file
from protofix.net.shapes import canonical_axis, class_count
from protofix.net.values import enum_of, integer_of, string_of
from protofix.net.view import view_of
from protofix.textproto.tree import Document, fields_named

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Labels = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

TOLERANCE = 1e-6
"""Largest relative difference at which two losses or gradients count as equal.

Both are computed in double precision, where the two ways differ by rounding alone; the old
layer's floor of 1e-20 under a probability is what makes room necessary.
"""

_BATCHES = (1, 8, 32)
_MODES = tuple(mode.value for mode in Normalization)
_DEFAULT_CLASSES = 5
_MOST_CLASSES = 10_000
_MOST_RANDOM_CLASSES = 2_000

Verdict = Literal["equal", "different", "not comparable"]


@dataclass(frozen=True)
class Column:
    """One way to compute a loss: its value and the largest size of an entry of its gradient."""

    loss: float
    max_gradient: float


@dataclass(frozen=True)
class LossProof:
    """The numbers of one fused loss.

    `before` is the chain as Caffe computed it before April 2017, None where it could not (a map);
    `today` the same chain as today's Caffe does, None where it aborts; `after` the fused loss. The
    three columns come from one batch of `shape`; `difference` is the largest relative one of losses
    and gradients between `before` and `after` over all batches tried, `batches` of them. `matrix`
    says where H came from, `causes` what makes a difference that is meant.
    """

    loss: str
    shape: tuple[int, ...]
    matrix: str
    before: Column | None
    today: Column | None
    after: Column
    difference: float | None
    batches: int
    verdict: Verdict
    causes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the numbers are equal, or differ by a setting that is told."""
        return self.verdict != "different" or bool(self.causes)


@dataclass(frozen=True)
class Proof:
    """What a rewrite is held against: `problems` are mistakes in its structure, a line each."""

    problems: tuple[str, ...]
    losses: tuple[LossProof, ...]

    @property
    def holds(self) -> bool:
        """Whether there is no problem and every loss's numbers hold."""
        return not self.problems and all(loss.holds for loss in self.losses)


def prove_loss(
    chain: Chain, document: Document, loss: Layer, given: GivenMatrix | None = None
) -> LossProof:
    """Compute a chain and the loss it was fused into on random scores and labels.

    `document` is the rewritten net and `loss` its layer. H is the one given, or the net's own
    where it can be read.
    """
    setting = _Setting(chain, document, loss, given)
    worst: float | None = None
    columns: tuple[Column | None, Column | None, Column | None] = (None, None, None)
    for seed, batch in enumerate(_BATCHES):
        random = np.random.default_rng(seed)
        old, today, new = setting.compute(random, batch)
        columns = (_column(old), _column(today), _column(new))
        if old is not None:
            worst = max(worst or 0.0, _difference(old, new))
    assert columns[2] is not None
    verdict: Verdict = "not comparable"
    if worst is not None:
        verdict = "equal" if worst <= TOLERANCE else "different"
    return LossProof(
        loss=loss.name,
        shape=setting.shape(_BATCHES[-1]),
        matrix=setting.matrix_from,
        before=columns[0],
        today=columns[1],
        after=columns[2],
        difference=worst,
        batches=len(_BATCHES),
        verdict=verdict,
        causes=setting.causes() if verdict != "equal" else (),
    )


class _LossSettings(NamedTuple):
    """What today's layer reads of a loss; `aborts` if it does not start with it."""

    axis: int
    normalization: Normalization
    ignore_label: int | None
    aborts: bool


def _read_settings(loss: Layer) -> _LossSettings:
    axis = loss_axis(loss)
    param = loss.param("loss_param")
    fields = param.fields if param else ()
    mode = enum_of(fields, "normalization", _MODES)
    return _LossSettings(
        1 if axis is None else axis,
        Normalization(mode) if mode else Normalization.VALID,
        integer_of(fields, "ignore_label"),
        bool(fields_named(fields, "normalize")),
    )


class _Setting:
    """Everything that a chain and its fused loss compute with."""

    def __init__(
        self, chain: Chain, document: Document, loss: Layer, given: GivenMatrix | None
    ) -> None:
        self.chain = chain
        self.loss = loss
        self.new = _read_settings(loss)
        self.old = _read_settings(chain.loss)
        weights = loss.loss_weights
        self.loss_weight = weights[0] if weights else 1.0
        own = _matrix_of(loss, document)
        if given is not None:
            own = _Matrix(given.values, given.path)
        self.matrix, self.matrix_from, self.computed_for = own
        self.classes = self._classes()

    def _classes(self) -> int:
        if self.matrix is not None:
            return int(self.matrix.shape[0])
        if self.computed_for is not None:
            return self.computed_for
        count = class_count(self.chain.shape, self.chain.axis)
        # A random matrix of tens of thousands of classes would prove no more and take gigabytes.
        return min(count or _DEFAULT_CLASSES, _MOST_RANDOM_CLASSES)

    def shape(self, batch: int) -> tuple[int, ...]:
        known = self.chain.shape
        if known is None:
            return (batch, self.classes)
        index = self.chain.axis if self.chain.axis >= 0 else self.chain.axis + len(known)
        # Unknown sides of a map are taken short: what they are does not matter, that they are does.
        dims = [3 if dim is None else dim for dim in known]
        dims[0], dims[index] = batch, self.classes
        return tuple(dims)

    def compute(
        self, random: np.random.Generator, batch: int
    ) -> tuple[LossResult | None, LossResult | None, LossResult]:
        shape = self.shape(batch)
        scores = random.normal(0, 3, shape)
        positions = scores.size // self.classes
        labels = random.integers(0, self.classes, positions)
        matrix = self.matrix
        if self.computed_for is not None:
            matrix = compute_h_weights(labels, self.classes, self.new.ignore_label)
        elif matrix is None:
            matrix = random.uniform(0, 2, (self.classes, self.classes))
        new = fused_loss(
            scores,
            labels,
            matrix,
            axis=self.new.axis,
            normalization=self.new.normalization,
            ignore_label=self.new.ignore_label,
            loss_weight=self.loss_weight,
        )
        return self._legacy(scores, labels, matrix), self._today(scores, labels, matrix), new

    def _legacy(self, scores: Array, labels: Labels, matrix: Array) -> LossResult | None:
        if self.chain.is_map:
            return None
        # All axes but two have length 1, and the old layer knew no more than four.
        rows = scores.reshape(scores.shape[0], self.classes)
        result = legacy_chain(rows, labels, matrix, loss_weight=self.loss_weight)
        shape = scores.shape
        return replace(result, gradient=result.gradient.reshape(shape))

    def _today(self, scores: Array, labels: Labels, matrix: Array) -> LossResult | None:
        """The chain as the file had it; None where today's Caffe aborts on it."""
        old = self.old
        index = canonical_axis(old.axis, scores.ndim)
        if old.aborts or index is None or scores.shape[index] != self.classes:
            return None
        return doubled_chain(
            scores,
            labels,
            matrix,
            softmax_axis=self.chain.axis,
            axis=old.axis,
            normalization=old.normalization,
            ignore_label=old.ignore_label,
            loss_weight=self.loss_weight,
        )

    def causes(self) -> tuple[str, ...]:
        """The settings that make the new loss another than the old layer's."""
        causes = []
        if self.chain.is_map:
            causes.append("the scores are a map: the old layer had one label an image")
        if self.new.normalization is Normalization.NONE:
            causes.append("normalization NONE: the old layer divided by the batch")
        ignored = self.new.ignore_label
        if ignored is not None and 0 <= ignored < self.classes:
            causes.append(f"ignore_label {ignored}: the old layer ignored none")
        return tuple(causes)


def _column(result: LossResult | None) -> Column | None:
    return None if result is None else Column(result.loss, float(np.abs(result.gradient).max()))


def _difference(old: LossResult, new: LossResult) -> float:
    loss = abs(old.loss - new.loss) / max(abs(old.loss), abs(new.loss), 1e-12)
    scale = max(float(np.abs(old.gradient).max()), float(np.abs(new.gradient).max()), 1e-12)
    return max(loss, float(np.abs(old.gradient - new.gradient).max()) / scale)


class _Matrix(NamedTuple):
    """H where it can be read, where it came from, and the classes of a ComputeH that makes it."""

    values: Array | None
    origin: str
    computed_for: int | None = None


def _matrix_of(loss: Layer, document: Document) -> _Matrix:
    """The net's own H."""
    if len(loss.bottoms) > 2:
        return _matrix_bottom(loss, document)
    source = source_of(loss)
    if not source:
        return _Matrix(None, "random, the net has none")
    path = find_file(source, document.source.path)
    if path is None:
        return _Matrix(None, f"random, {source} is not here")
    try:
        return _Matrix(read_matrix(path).values, source)
    except MatrixError:
        return _Matrix(None, f"random, {source} cannot be read")


def _matrix_bottom(loss: Layer, document: Document) -> _Matrix:
    view = view_of(document)
    for graph, _ in view.keeping(loss):
        version = graph.source_of(loss, 2)
        maker = graph.maker_of(version) if version else None
        if maker is None:
            continue
        python = maker.param("python_param")
        if python is not None and string_of(python.fields, "layer") == "ComputeH":
            classes = _classes_in(string_of(python.fields, "param_str"))
            if classes is not None:
                return _Matrix(None, "ComputeH of the batch's labels", classes)
        hdf5 = maker.param("hdf5_data_param")
        if hdf5 is not None:
            found = _hdf5_matrix(string_of(hdf5.fields, "source"), loss.bottoms[2].name, document)
            if found is not None:
                return _Matrix(*found)
        return _Matrix(None, f"random, in place of what `{maker.name}` makes")
    return _Matrix(None, "random")


def _classes_in(param_str: str | None) -> int | None:
    """Number of classes in the JSON of a ComputeH, under its own name or the web's."""
    try:
        params = json.loads(param_str or "")
        count = params.get("classes", params.get("n_classes"))
    except (ValueError, AttributeError):
        return None
    return count if isinstance(count, int) and 0 < count <= _MOST_CLASSES else None


def _hdf5_matrix(source: str | None, blob: str, document: Document) -> tuple[Array, str] | None:
    listing = find_file(source, document.source.path) if source else None
    if listing is None:
        return None
    try:
        names = listing.read_text(encoding="utf-8").split()
        path = find_file(names[0], document.source.path) if names else None
        return None if path is None else (read_h5_matrix(path, blob)[1], names[0])
    except (OSError, ValueError):
        return None
