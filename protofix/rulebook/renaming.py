"""Fixes that give a blob another name wherever it is meant."""

from __future__ import annotations

from protofix.net.layers import BlobName, Layer
from protofix.net.view import NetView
from protofix.rulebook.findings import Fix
from protofix.textproto.layout import replace_string


def call_after_layer(view: NetView, layer: Layer, top: BlobName) -> Fix | None:
    """Call a top after its layer, for all that read it below; None if that name is taken."""
    name = layer.name
    kept = all(layer.index in graph.kept for graph in view.graphs)
    if not name or name in view.net.blobs or not kept:
        return None
    behind = view.net.layers[layer.index + 1 :]
    blobs = [top, *(blob for it in behind for blob in (*it.bottoms, *it.tops))]
    document = view.net.document
    edits = tuple(replace_string(document, blob, name) for blob in blobs if blob.name == top.name)
    return Fix(f"call the top `{name}`", edits, safe=False)
