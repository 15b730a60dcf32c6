"""A Python layer with `share_in_parallel`, which today's Caffe does not read.

It let the solvers of several GPUs share one data layer. Since January 2017 each has its own, and
the field is left in the schema for the sake of old files. A data layer that is to give each GPU
other data has to see to it.

Wrong:

    layer { name: "data" type: "Python" top: "data"
            python_param { module: "data" layer: "Data" share_in_parallel: true } }

Right:

    layer { name: "data" type: "Python" top: "data"
            python_param { module: "data" layer: "Data" } }
"""

from collections.abc import Iterator

from caffe_proto import BVLC
from protofix.net.python_modules import python_layers
from protofix.net.setup import subject_of
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import remove

CODE = "PF608"
NAME = "share-in-parallel"
SEVERITY = "info"
TYPES = ("Python",)


def check(context: Context) -> Iterator[Hit]:
    """Say it at the field; of a net for today's Caffe of BVLC, forks may read it yet."""
    if context.target != "fused" or context.dialect.name != BVLC:
        return
    for view in context.views:
        for layer in view.kept(python_layers(view.net)):
            values = layer.values("python_param")
            at = values.field("share_in_parallel")
            if at is not None and values.boolean("share_in_parallel", False):
                edit = remove(context.document, at).edit
                said = f"{subject_of(layer)} has share_in_parallel, which Caffe does not read"
                yield Hit(at.start, at.said_end, said, Fix("take it away", (edit,)))
