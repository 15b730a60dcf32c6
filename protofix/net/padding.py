"""Padding layers of the V0 format, which Caffe folds into what reads them.

After Caffe 1.0, UpgradeV0PaddingLayers: the pad of the padding layer takes the place of the pad of
the layer that it feeds, which reads what the padding layer reads.
"""

from __future__ import annotations

from protofix.net.graph import Graph
from protofix.net.layers import PADDING, Layer
from protofix.net.setup import Setup

_PADS = ("Convolution", "Pooling")


def folded_into(graph: Graph, layer: Layer) -> Layer | None:
    """The padding layer that Caffe folds into a layer; None for a layer that is not padded so."""
    if layer.format != 0 or layer.type not in _PADS or len(layer.bottoms) != 1:
        return None
    padding = _padding_of(graph, layer, 0)
    return padding if padding is not None and len(padding.bottoms) == 1 else None


def check_padding(setup: Setup, graph: Graph) -> None:
    """Refuse to pad for a layer that takes no padding, or that reads other blobs too."""
    layer = setup.layer
    for slot, bottom in enumerate(layer.bottoms):
        if _padding_of(graph, layer, slot) is None:
            continue
        if layer.type not in _PADS:
            setup.refuse_shape(
                f"reads `{bottom.name}`, which a padding layer makes: only layers of type conv or "
                "pool can pad, so put it in front of one",
                bottom,
            )
        elif len(layer.bottoms) != 1:
            setup.refuse_shape(
                f"reads `{bottom.name}`, which a padding layer makes, and other blobs: a layer "
                "that is padded so reads nothing else",
                bottom,
            )


def _padding_of(graph: Graph, layer: Layer, slot: int) -> Layer | None:
    source = graph.source_of(layer, slot)
    maker = graph.maker_of(source) if source is not None else None
    return maker if maker is not None and maker.type == PADDING else None
