"""Tops that are called otherwise than what reads them: after an old layer, or misspelt."""

from __future__ import annotations

from typing import NamedTuple

from protofix.net.graph import Graph
from protofix.net.in_place import harm_in_place
from protofix.net.layers import BlobName, Layer
from protofix.net.names import nearest
from protofix.net.view import NetView


class Unnamed(NamedTuple):
    """A layer whose one top is another's already, and the first that reads a blob of its name."""

    layer: Layer
    reader: Layer


def called_so(graph: Graph, reader: Layer, blob: str) -> Layer | None:
    """The last layer before a reader that has the name of a blob, and no top that is called so."""
    found = [it for it in graph.by_name.get(blob, ()) if it.index < reader.index and it.tops]
    return found[-1] if found and all(top.name != blob for top in found[-1].tops) else None


class Misspelt(NamedTuple):
    """A top of a layer that brings data, which nobody reads as it is called, and what was meant."""

    layer: Layer
    top: BlobName
    meant: str


def misspelt_top(view: NetView, blob: str, graphs: list[Graph]) -> Misspelt | None:
    """The top that should be called like a blob, which nobody makes in some graphs.

    None if it is not one and the same in all of them, or is kept where the blob is made too.
    """
    read = {bottom.name for layer in view.net.layers for bottom in layer.bottoms}
    found: set[Misspelt | None] = set()
    for graph in graphs:
        unread = {
            top.name: Misspelt(layer, top, blob)
            for layer in graph.layers
            if not layer.bottoms
            for top in layer.tops
            if top.name not in read
        }
        near = nearest(blob, unread)
        found.add(None if near is None else unread[near])
    one = found.pop() if len(found) == 1 else None
    if one is None or any(graph not in graphs for graph, _ in view.keeping(one.layer)):
        return None
    return one


def unnamed(view: NetView) -> dict[Layer, Unnamed]:
    """The layers whose top was to have their name, as after a layer was copied.

    Its name is read below in every state that keeps it, where nobody makes such a blob.
    """
    found: dict[Layer, list[Unnamed]] = {}
    for graph in view.graphs:
        remade = {layer for layer, _ in graph.remade}
        of_graph: dict[Layer, Unnamed] = {}
        for reader, bottom in graph.unmade:
            layer = called_so(graph, reader, bottom.name)
            if layer is None or len(layer.tops) > 1:
                continue
            if layer in remade or _is_in_place_by_mistake(layer):
                of_graph.setdefault(layer, Unnamed(layer, reader))
        for layer, one in of_graph.items():
            found.setdefault(layer, []).append(one)
    return {
        layer: ones[0]
        for layer, ones in found.items()
        if len(ones) == sum(1 for _ in view.keeping(layer))
    }


def _is_in_place_by_mistake(layer: Layer) -> bool:
    return layer.works_in_place() and harm_in_place(layer) == "values"
