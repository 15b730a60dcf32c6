"""InfogainLosses that read scores, as today's layer wants them and the one before did not."""

from __future__ import annotations

from protofix.infogain.traces import passes
from protofix.net.graph import Graph, Version
from protofix.net.layers import Layer
from protofix.net.view import NetView

# What makes numbers of any size, be it out of probabilities.
_MAKING = {"Convolution", "Deconvolution", "InnerProduct", "Log"}
# What takes numbers as they are, of each bottom or of the first alone.
_MIXING = {"Concat", "Eltwise"}
_CUTTING = {"BatchNorm", "Bias", "Crop", "Dropout", "Pooling", "Scale", "Slice"}


def reads_scores(view: NetView, loss: Layer) -> bool:
    """Whether a loss reads scores in every state that keeps it, for certain."""
    read = [(graph, graph.source_of(loss, 0)) for graph, _ in view.keeping(loss)]
    return bool(read) and all(are_scores(graph, version) for graph, version in read)


def are_scores(graph: Graph, version: Version | None) -> bool:
    """Whether a content is scores for certain: numbers of any size."""
    maker = graph.maker_of(version) if version is not None else None
    if maker is None:
        return False
    if maker.type in _MAKING:
        return True
    if maker.type in _MIXING:
        slots = range(len(maker.bottoms))
        return bool(slots) and all(are_scores(graph, graph.source_of(maker, it)) for it in slots)
    through = maker.type in _CUTTING or passes(maker, graph.state)
    return through and are_scores(graph, graph.source_of(maker, 0))
