"""What a net is there for: to learn, to be measured, or to be used.

No field says so. The losses tell it, where the data comes from, the stages, and what people call
the file.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from protofix.net.graph import Graph
from protofix.net.layer_types.registry import is_loss_type
from protofix.net.layers import Layer, Net

_WITHOUT_DATA = ("Input", "Parameter", "DummyData")
_MEASURES = re.compile(r"Accuracy|Eval")


def is_loss(layer: Layer) -> bool:
    """Whether a layer makes a loss: it is of a type that does, or has a loss weight."""
    return is_loss_type(layer) or any(layer.loss_weights)


def measures(layer: Layer) -> bool:
    """Whether a layer compares with labels, so that what it makes is for people to read."""
    return is_loss(layer) or _MEASURES.search(layer.type) is not None


def brings_data(layer: Layer) -> bool:
    """Whether a layer reads data by itself, rather than being fed from a program."""
    return not layer.bottoms and bool(layer.tops) and layer.type not in _WITHOUT_DATA


def is_called(net: Net, *words: str) -> bool:
    """Whether the name of a net's file has one of these words in it."""
    name = PurePath(net.document.source.path).name.lower()
    return any(word in name for word in words)


def is_deployed(graph: Graph) -> bool:
    """Whether a net is built to be used: its stage or its file is called "deploy"."""
    return "deploy" in graph.state.stages or is_called(graph.net, "deploy")
