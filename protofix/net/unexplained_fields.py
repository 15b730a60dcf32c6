"""Layers with a field that no Caffe known here has, and of which nobody can say what was meant.

Those of which not even the type is known are in `own_layers.py`.
"""

from __future__ import annotations

from protofix.net.dialects import Fit, who_knows
from protofix.net.homes import messages_around
from protofix.net.meant_fields import meant_field
from protofix.net.which_caffe import WhichCaffe
from protofix.textproto.tree import Document


def which_caffe(document: Document, fit: Fit) -> WhichCaffe:
    """Which Caffe a document is for that a dialect reads so."""
    found: set[int] = set()
    for misfit in fit.misfits:
        if misfit.kind != "unknown-field" or misfit.lacks is None:
            continue
        around = messages_around(document, misfit.start)
        layer = next((it for it in around if it.name in ("layer", "layers")), None)
        if layer is None or layer.start in found or who_knows(misfit):
            continue
        if meant_field(misfit.lacks, around, fit.dialect.schema) is None:
            found.add(layer.start)
    return WhichCaffe(fit.dialect.name, frozenset(found))
