"""Probabilities that a loss reads and that are not a plain Softmax, or Sigmoid, of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from protofix.infogain.chains import Pattern
from protofix.infogain.traces import Trace, passes, traces_of
from protofix.net.graph import Graph, Version
from protofix.net.layers import Layer
from protofix.net.shapes import canonical_axis
from protofix.net.view import NetView
from protofix.textproto.literals import parse_float

# Layers that make scores anew out of whatever they read. Any other only mixes, cuts or scales it.
_REMAKING = {"Convolution", "Deconvolution", "Embed", "InnerProduct", "LSTM", "RNN"}
_CLOSE = 1e-6


@dataclass(frozen=True)
class OtherProbabilities:
    """An InfogainLoss that reads probabilities which are not a plain Softmax: `reason` says how.

    `sums_to_one` tells whether a Log layer could keep the numbers on today's Caffe; None where the
    file does not tell what they sum to.
    """

    loss: Layer
    reason: str
    sums_to_one: bool | None

    @property
    def advice(self) -> str:
        """What can be done about it."""
        if self.sums_to_one:
            return "a Log layer in between keeps the numbers on today's Caffe: softmax(log p) = p"
        if self.sums_to_one is None:
            return (
                "the file does not tell whether they sum to one: if they do, a Log layer in "
                "between keeps the numbers on today's Caffe"
            )
        return "today's layer cannot give the old numbers: the loss has to be another"


class Mixed(NamedTuple):
    """A loss that reads what `mixers`, nearest to it first, made of nothing but `activations`."""

    loss: Layer
    activations: tuple[Layer, ...]
    mixers: tuple[Layer, ...]


def find_mixed(view: NetView, pattern: Pattern) -> list[Mixed]:
    """Every loss of a pattern that reads activations joined, cut or added up, and nothing else.

    What is scaled up is none: a softmax of it may be as sharp as anyone likes.
    """
    found = []
    for loss in (layer for layer in view.net.layers if layer.type in pattern.losses):
        traces = list(traces_of(view, loss, pattern.activation))
        if any(trace.activation for trace in traces):
            continue
        mixed = (_mixed(trace.graph, loss, pattern.activation) for trace in traces)
        first = next((it for it in mixed if it is not None), None)
        if first is not None:
            found.append(first)
    return found


def _mixed(graph: Graph, loss: Layer, activation: str) -> Mixed | None:
    activations: dict[Layer, None] = {}
    mixers: dict[Layer, None] = {}
    waiting = [graph.source_of(loss, 0)]
    while waiting:
        version = waiting.pop(0)
        maker = None if version is None else graph.maker_of(version)
        if maker is None:
            return None
        if maker.type == activation:
            activations[maker] = None
        elif passes(maker, graph.state) or _only_mixes(maker):
            if maker not in mixers:
                mixers[maker] = None
                waiting += [graph.source_of(maker, slot) for slot in range(len(maker.bottoms))]
        else:
            return None
    told = tuple(layer for layer in mixers if not passes(layer, graph.state))
    return Mixed(loss, tuple(activations), told) if activations else None


def _only_mixes(layer: Layer) -> bool:
    """Whether of numbers between 0 and 1 a layer gives these, or sums of parts of them."""
    if layer.type != "Eltwise":
        return layer.type in ("Concat", "Slice")
    written = (parse_float(it.value) for it in layer.values("eltwise_param").scalars("coeff"))
    return all(factor is not None and 0 <= factor <= 1 for factor in written)


def find_other_probabilities(view: NetView) -> list[OtherProbabilities]:
    """Every InfogainLoss that reads probabilities of another making than one plain Softmax."""
    found = []
    for loss in (layer for layer in view.net.layers if layer.type == "InfogainLoss"):
        traces = list(traces_of(view, loss))
        if any(trace.activation for trace in traces):
            continue
        told = (_mixture(trace, loss) for trace in traces if trace.stopped_at is not None)
        mixture = next((mixture for mixture in told if mixture is not None), None)
        if mixture is not None:
            found.append(OtherProbabilities(loss, *mixture))
    return found


def _mixture(trace: Trace, loss: Layer) -> tuple[str, bool | None] | None:
    """How probabilities came to be that are not one plain Softmax, and whether they sum to one."""
    graph = trace.graph
    kinds: dict[str, Layer] = {}
    seen: set[int] = set()
    first = graph.source_of(loss, 0)
    waiting = [first]
    mixers: list[Layer] = []
    while waiting:
        version = waiting.pop()
        if version is None or version.number in seen:
            continue
        seen.add(version.number)
        maker = graph.maker_of(version)
        if maker is None:
            continue
        if maker.type == "SoftmaxWithLoss" and _is_second(version):
            kinds.setdefault("Softmax", maker)
        elif maker.type in ("Softmax", "Sigmoid"):
            kinds.setdefault(maker.type, maker)
        elif maker.bottoms and maker.type not in _REMAKING:
            mixers.append(maker)
            # The further bottoms of other types say how: a selector, a reference, a factor.
            slots = len(maker.bottoms) if maker.type in ("Concat", "Eltwise") else 1
            waiting += [graph.source_of(maker, slot) for slot in range(slots)]
        else:
            return None  # Something else is in it, so it is no mixture of probabilities.
    if any(layer.type == "Log" for layer in mixers):
        return None  # Logarithms of probabilities are scores: softmax(log p) = p.
    if "Sigmoid" in kinds:
        name = kinds["Sigmoid"].name
        reason = f"Sigmoid `{name}`, whose outputs do not sum to 1: no softmax can give them"
        return reason, False
    if "Softmax" not in kinds or first is None:
        return None
    mixing = [layer for layer in mixers if not passes(layer, graph.state)]
    if not mixing:
        layer = kinds["Softmax"]
        return f"the probabilities that {layer.type} `{layer.name}` gives beside its loss", True
    total = _total(graph, first)
    if total is not None and abs(total - 1) < _CLOSE:
        return f"`{mixing[0].name}`, {_called(mixing)} of softmaxes", True
    names = ", ".join(f"{layer.type} `{layer.name}`" for layer in reversed(mixing))
    tells = all(layer.type in ("Concat", "Eltwise", "Power", "Slice") for layer in mixing)
    return f"what {names} made of a softmax", False if tells else None


def _called(mixing: list[Layer]) -> str:
    return "an average" if any(layer.type == "Eltwise" for layer in mixing) else "a batch"


def _is_second(version: Version) -> bool:
    return version.maker is not None and version.maker.slot == 1


def _total(graph: Graph, version: Version) -> float | None:
    """What probabilities sum to along the classes, for certain; None if it cannot be told."""
    maker = graph.maker_of(version)
    if maker is None:
        return None
    if maker.type == "Softmax" or (maker.type == "SoftmaxWithLoss" and _is_second(version)):
        return 1.0
    read = [graph.source_of(maker, slot) for slot in range(len(maker.bottoms))]
    totals = [None if it is None else _total(graph, it) for it in read]
    known = [total for total in totals if total is not None]
    if not known or len(known) < len(totals):
        return None
    if passes(maker, graph.state):
        return known[0]
    if maker.type == "Power":
        param = maker.values("power_param")
        if param.real("power", 1.0) == 1 and param.real("shift", 0.0) == 0:
            return known[0] * param.real("scale", 1.0)
    if maker.type in ("Concat", "Slice") and _along_the_batch(maker) and len(set(known)) == 1:
        return known[0]
    if maker.type == "Eltwise":
        return _weighted(maker, known)
    return None


def _along_the_batch(layer: Layer) -> bool:
    """Whether a Concat or a Slice leaves each image's row as it is."""
    which = layer.type.lower()
    param = layer.values(f"{which}_param")
    return canonical_axis(param.integer("axis", param.integer(f"{which}_dim", 1)), 4) == 0


def _weighted(layer: Layer, totals: list[float]) -> float | None:
    """The total of an Eltwise that sums its bottoms with factors of which none is negative."""
    param = layer.values("eltwise_param")
    if param.enum("operation", ("PROD", "SUM", "MAX"), "SUM") != "SUM":
        return None
    written = [parse_float(scalar.value) or 0.0 for scalar in param.scalars("coeff")]
    factors = written or [1.0] * len(totals)
    if len(factors) != len(totals) or min(factors) < 0:
        return None
    return sum(factor * total for factor, total in zip(factors, totals, strict=True))
