"""The way back from a loss to the Softmax, or the like, whose probabilities it reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protofix.net.graph import Graph
from protofix.net.layers import Layer
from protofix.net.shapes import Shape
from protofix.net.states import NetState
from protofix.net.values import float_of
from protofix.net.view import NetView


class Trace(NamedTuple):
    """The way back from a loss to its Softmax in a state, or to the layer at which it ends."""

    graph: Graph
    shapes: dict[int, Shape]
    activation: Layer | None
    path: tuple[Layer, ...]
    stopped_at: Layer | None


def traces_of(view: NetView, loss: Layer, activation: str = "Softmax") -> Iterator[Trace]:
    """Follow what a loss reads back to its Softmax, in every state where somebody makes it."""
    for graph, shapes in view.keeping(loss):
        path: list[Layer] = []
        version = graph.source_of(loss, 0)
        if version is None:
            continue
        while True:
            maker = graph.maker_of(version)
            if maker is None or (maker.type != activation and not passes(maker, graph.state)):
                yield Trace(graph, shapes, None, (), maker)
                break
            if maker.type == activation:
                yield Trace(graph, shapes, maker, tuple(reversed(path)), None)
                break
            path.append(maker)
            before = graph.source_of(maker, 0)
            if before is None:
                yield Trace(graph, shapes, None, (), maker)
                break
            version = before


def passes(layer: Layer, state: NetState) -> bool:
    """Whether probabilities come out of a layer as they went in, their shape apart."""
    if layer.type in ("Split", "Flatten", "Reshape", "ReLU", "AbsVal"):
        return True  # Probabilities are not negative, so a rectifier leaves them alone.
    if layer.type == "Concat":
        return len(layer.bottoms) == 1
    if layer.type == "Dropout":
        param = layer.param("dropout_param")
        return state.phase == "TEST" or (
            param is not None and float_of(param.fields, "dropout_ratio") == 0
        )
    if layer.type == "Power":
        param = layer.param("power_param")
        values = {"power": 1.0, "scale": 1.0, "shift": 0.0}
        return param is None or all(
            float_of(param.fields, name) in (None, value) for name, value in values.items()
        )
    return False
