"""A field of a layer that Caffe needs and does not find, or finds and does not take.

Each type of layer checks its own parameters when it is set up, and aborts at the first that will
not do. What is missing is said at the layer, what is wrong at the field.

Wrong:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 } }

Right:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 kernel_size: 3 } }

Wrong:

    layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" lrn_param { local_size: 4 } }
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from protofix.net.homes import messages_around
from protofix.net.layer_types.fillers import FILLERS
from protofix.net.names import nearest
from protofix.rulebook.checks import refused
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Document, Message, scalars_named

CODE = "PF305"
NAME = "layer-parameter"
SEVERITY = "error"
WANTS = "refusals"

_SLIPS = ("repeated-field", "unknown-field", "wrong-type")

_check = refused("parameter")


def check(context: Context) -> Iterator[Hit]:
    """Say each but what a layer lacks as it is misspelt or given twice, which has its rule."""
    slips = sorted(it.start for it in context.misfits if it.kind in _SLIPS)
    if not slips:
        yield from (_mended(context.document, hit) for hit in _check(context))
        return
    layers = {it.node.start: it.node for view in context.views for it in view.net.layers}
    for hit in _check(context):
        layer = layers.get(hit.start)
        slip = bisect_right(slips, hit.start)
        if layer is None or slip == len(slips) or slips[slip] >= layer.end:
            yield _mended(context.document, hit)


def _mended(document: Document, hit: Hit) -> Hit:
    """The hit with a fix where it is about a filler whose type is a slip."""
    around = messages_around(document, hit.start)
    siblings = around[-1].fields if around else ()
    node = next((it for it in siblings if it.start == hit.start), None)
    if not isinstance(node, Message) or not node.name.endswith("_filler"):
        return hit
    for written in scalars_named(node.fields, "type")[-1:]:
        meant = nearest(written.value, FILLERS) if written.kind == "string" else None
        if meant is not None and meant != written.value:
            edit = replace_string(document, written, meant)
            return replace(hit, fix=Fix(f"write `{meant}`", (edit,), safe=False))
    return hit
