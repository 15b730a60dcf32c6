"""A file of data that is there and cannot be read as what it should be.

A list that is a picture, a database that was cut short, a mean file of another program: Caffe
aborts when it opens it. What is not there at all is not reported: data mostly lies on the machine
that trains.

For instance, `source: "train_lmdb"` where the folder holds no database, or `source: "train.h5"` in
an HDF5Data layer, which takes a list of such files.
"""

from collections.abc import Iterator

from protofix.net.data_files import DataFiles, shown
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Field, walk

CODE = "PF501"
NAME = "unreadable-data"
SEVERITY = "warning"
RESTS_ON = "data"

_NAMES = ("source", "mean_file", "meanfile")


def check(context: Context) -> Iterator[Hit]:
    """Say it at each field that names such a file; building the net is what reads them."""
    views = context.views
    if context.files is None or not context.files.spoiled:
        return
    for view in views:
        for layer in view.kept(view.net.layers):
            yield from _of_layer(layer, context.files)


def _of_layer(layer: Layer, files: DataFiles) -> Iterator[Hit]:
    for node in walk(layer.node.fields):
        if not isinstance(node, Field) or node.name not in _NAMES:
            continue
        for scalar in node.scalars:
            name = scalar.value
            if name not in files.spoiled and layer.type == "HDF5Data":
                listed = files.hdf5_list(name)
                name = (listed.first if listed else None) or name
            why = files.spoiled.get(name)
            if why is not None:
                message = f"{subject_of(layer)} cannot read `{shown(name)}`, which is there: {why}"
                yield Hit(scalar.start, scalar.end, message)
