"""Layers with a field that no Caffe known here has, and of which nobody can say what was meant.

Those of which not even the type is known are in `own_layers.py`.
"""

from __future__ import annotations

from protofix.net.binding import Lack, Misfit
from protofix.net.dialects import Fit, who_knows
from protofix.net.homes import likely_home, messages_around
from protofix.net.names import field_called, nearest
from protofix.net.which_caffe import WhichCaffe
from protofix.textproto.tree import Document, Message


def which_caffe(document: Document, fit: Fit) -> WhichCaffe:
    """Which Caffe a document is for that a dialect reads so."""
    found: set[int] = set()
    for misfit in fit.misfits:
        if misfit.kind != "unknown-field" or misfit.lacks is None:
            continue
        around = messages_around(document, misfit.start)
        layer = next((it for it in around if it.name in ("layer", "layers")), None)
        if layer is not None and _is_unexplained(misfit, misfit.lacks, around, fit):
            found.add(layer.start)
    return WhichCaffe(fit.dialect.name, frozenset(found))


def _is_unexplained(misfit: Misfit, lack: Lack, around: tuple[Message, ...], fit: Fit) -> bool:
    """Whether nobody known here has a field, be it in another place or by another spelling."""
    schema = fit.dialect.schema
    owner = schema.messages.get(lack.owner)
    fields = owner.fields if owner else {}
    return not (
        who_knows(misfit)
        or likely_home(lack, around, schema)
        or nearest(lack.name, fields)
        or field_called(lack.name, fields)
    )
