"""Fixes that give a blob another name wherever it is meant."""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.layers import BlobName, Layer
from protofix.net.view import NetView
from protofix.rulebook.findings import Fix
from protofix.textproto.layout import replace_string


def call_after_layer(view: NetView, layer: Layer, top: BlobName) -> Fix | None:
    """Call a top after its layer, for all that read it below; None if that name is taken."""
    name = layer.name
    if not name or name in view.net.blobs or not _is_always_kept(view, layer):
        return None
    blobs = [top, *_meaning_it(view, layer, top.name)]
    edits = tuple(replace_string(view.net.document, blob, name) for blob in blobs)
    return Fix(f"call the top `{name}`", edits, safe=False)


def _meaning_it(view: NetView, layer: Layer, blob: str) -> Iterator[BlobName]:
    """What reads a blob behind a layer, or works in place on it, until it is made anew."""
    for other in view.net.layers[layer.index + 1 :]:
        bottoms = [bottom for bottom in other.bottoms if bottom.name == blob]
        tops = [top for top in other.tops if top.name == blob]
        yield from bottoms
        if tops and not bottoms and _is_always_kept(view, other):
            return
        yield from tops


def _is_always_kept(view: NetView, layer: Layer) -> bool:
    return all(layer.index in graph.kept for graph in view.graphs)
