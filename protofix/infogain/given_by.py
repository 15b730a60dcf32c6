"""How a loss is given its H: by a file of its own, or by the layer that makes its third bottom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from protofix.infogain.losses import source_of
from protofix.infogain.matrix.names import Format
from protofix.net.graph import Graph
from protofix.net.layers import Layer
from protofix.net.param_strs import mapping_of
from protofix.net.view import NetView
from protofix.textproto.literals import parse_float
from protofix.textproto.tree import Scalar

_MOST_CLASSES = 10_000
_BACKENDS: Mapping[str, Format] = {
    "0": "leveldb",
    "1": "lmdb",
    "LEVELDB": "leveldb",
    "LMDB": "lmdb",
}

_PARAMS = {
    "file": "infogain_loss_param",
    "hdf5": "hdf5_data_param",
    "database": "data_param",
    "compute-h": "python_param",
}


class Transform(NamedTuple):
    """What a Data layer makes of a number: less the mean, times the scale."""

    mean: float = 0.0
    scale: float = 1.0

    @property
    def in_words(self) -> str:
        """What is done, to follow a name; "" if nothing is."""
        less = f" less {self.mean:g}" if self.mean else ""
        return less + (f" times {self.scale:g}" if self.scale != 1 else "")


class GivenBy(NamedTuple):
    """What gives a loss its H.

    `layer` is the loss itself ("file"), or the layer that makes its third bottom: an HDF5Data, a
    Data or ComputeH. `name` is the path that it names, `blob` the third bottom, and `format` what
    a database is read as.
    """

    way: Literal["file", "hdf5", "database", "compute-h"]
    layer: Layer
    name: str
    blob: str = ""
    format: Format = "binaryproto"

    @property
    def transform(self) -> Transform | None:
        """What the layer does to each number of a record; None if it is not the same each time."""
        if self.way != "database":
            return Transform()
        param = self.layer.values("transform_param")
        means = [parse_float(scalar.value) for scalar in param.scalars("mean_value")]
        drawn = param.boolean("mirror", False) or param.integer("crop_size", 0)
        if drawn or param.has("mean_file") or len(means) > 1 or None in means:
            return None
        return Transform(sum(mean or 0.0 for mean in means), param.real("scale", 1.0))

    def written(self, field: str) -> Scalar | None:
        """The value of a field of the layer's own message, such as `source`."""
        return next(reversed(self.layer.values(_PARAMS[self.way]).scalars(field)), None)


def given_by(loss: Layer, graph: Graph) -> GivenBy | None:
    """What gives an InfogainLoss its H in a state; None if nothing does, or something else."""
    if len(loss.bottoms) < 3:
        source = source_of(loss)
        return GivenBy("file", loss, source) if source else None
    version = graph.source_of(loss, 2)
    maker = graph.maker_of(version) if version else None
    if version is None or maker is None:
        return None
    if maker.type == "Python" and maker.values("python_param").string("layer") == "ComputeH":
        return GivenBy("compute-h", maker, "", version.blob)
    if maker.type == "HDF5Data":
        name = maker.values("hdf5_data_param").string("source") or ""
        return GivenBy("hdf5", maker, name, version.blob, "hdf5")
    if maker.type == "Data":
        param = maker.values("data_param")
        written = param.scalars("backend")
        backend = _BACKENDS.get(written[-1].value if written else "LEVELDB", "leveldb")
        return GivenBy("database", maker, param.string("source") or "", version.blob, backend)
    return None


class ComputeHParams(NamedTuple):
    """What a ComputeH layer is told: how many classes there are, and the label it leaves out."""

    classes: int
    ignore_label: int | None


class ComputeH(NamedTuple):
    """A ComputeH layer that makes the H of a loss, what it is told, and where that is written."""

    layer: Layer
    params: ComputeHParams
    written: Scalar


def compute_h_params(param_str: str | None) -> ComputeHParams | None:
    """What a ComputeH is told, under its own names or the web's; None if it is told no such thing.

    The one that is passed around on the web evaluates its `param_str`, so that people have written
    the literal of a dict there as well as JSON.
    """
    params = mapping_of(param_str or "")
    if params is None:
        return None
    classes = params.get("classes", params.get("n_classes"))
    ignored = params.get("ignore_label")
    if type(classes) is not int or not 0 < classes <= _MOST_CLASSES:
        return None
    if ignored is not None and type(ignored) is not int:
        return None
    return ComputeHParams(classes, ignored)


def compute_h_of(view: NetView, loss: Layer) -> Iterator[ComputeH]:
    """The ComputeH layers that make the H of a loss in any state, if it can be read what they do.

    Each comes once.
    """
    for given in dict.fromkeys(given_by(loss, graph) for graph, _ in view.keeping(loss)):
        if given is not None and given.way == "compute-h":
            written = given.written("param_str")
            params = compute_h_params(written.value) if written else None
            if written is not None and params is not None:
                yield ComputeH(given.layer, params, written)
