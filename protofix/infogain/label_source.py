"""Where the labels of a net's loss lie: its data layer's source, found from the loss back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caffe_proto import base_schema
from protofix.data.backends import backend_of
from protofix.data.bytes import UnreadableError
from protofix.data.counting import (
    Hdf5Labels,
    ImageListLabels,
    LabelSource,
    LevelDbLabels,
    LmdbLabels,
)
from protofix.files import FileError, open_regular
from protofix.infogain.hdf5_lists import files_listed
from protofix.infogain.losses import class_axis
from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.graph import Version
from protofix.net.kinds import kind_of_file
from protofix.net.layers import Layer
from protofix.net.names import in_words
from protofix.net.paths import find_file
from protofix.net.shapes import Shape, class_count
from protofix.net.states import AskedState
from protofix.net.view import NetBuilder
from protofix.net.which_caffe import CAFFE_1_0
from protofix.textproto.tree import Document

TRAIN = AskedState("TRAIN", "TRAIN")

# Losses that tell classes apart.
_LOSSES = (
    "InfogainLoss",
    "SoftmaxWithLoss",
    "SoftmaxWithLossOHEM",
    "MultinomialLogisticLoss",
    "HingeLoss",
)
_COPIES = ("Split", "Reshape", "Flatten")
_INSTEAD = "give --lmdb, --leveldb, --hdf5, --list, --csv, --npy, --images or --counts instead"
_MOST_LIST = 1 << 24  # bytes of a list of HDF5 files
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


class LabelSourceError(ValueError):
    """The labels of a net cannot be found; one line that says what to give instead."""


@dataclass(frozen=True)
class NetLabels:
    """The labels that a loss of a net learns from.

    Attributes:
        source: where they lie.
        loss: the loss's name.
        layer: the name of the data layer that reads them.
        ignore_label: the label that the loss leaves out.
        classes: how many classes it tells apart, where the net says it.

    """

    source: LabelSource
    loss: str
    layer: str
    ignore_label: int | None
    classes: int | None


def labels_of_net(
    document: Document,
    loss: str | None = None,
    *,
    asked: AskedState = TRAIN,
    given: dict[str, Shape] | None = None,
) -> NetLabels:
    """Find the labels that a net's loss learns from, in a net of Caffe 1.0.

    Args:
        document: the net.
        loss: the loss's name, which must be said if there are several that learn from different
            labels. The InfogainLosses are meant if there are any, else all losses of classes.
        asked: the state of the net.
        given: shapes of blobs that the net does not tell, for the number of classes.

    Raises:
        LabelSourceError: there is no such loss, or its labels come from what cannot be read here.
        FileError: a list of HDF5 files is not there.

    """
    path = document.source.path
    if kind_of_file(document, base_schema()) == "SolverParameter":
        raise LabelSourceError(f"{path}: is a solver: give the net it names")
    view = NetBuilder(document, CAFFE_1_0, given=given, files=DataFiles(path)).view([asked])
    [built] = view.built
    found = [_labels_of(built, layer, path) for layer in _losses(built, loss, path)]
    kinds = {replace(one, loss="") for one in found}
    if len(kinds) > 1:
        names = in_words([one.loss for one in found])
        raise LabelSourceError(
            f"{path}: {names} do not learn from the same labels and classes: name one with --loss"
        )
    return found[0]


def hdf5_labels(path: Path, dataset: str) -> Hdf5Labels:
    """The labels of an HDF5 file, or of all that a list names as HDF5Data's source does.

    Names in a list are looked for as those in a net are (`find_file`).

    Raises:
        FileError: a file is not there or cannot be read.
        LabelSourceError: it is no such list, or names no files.

    """
    with open_regular(path) as stream:
        if stream.read(len(_HDF5_MAGIC)) == _HDF5_MAGIC or path.suffix in (".h5", ".hdf5"):
            return Hdf5Labels((path,), dataset)
        stream.seek(0)
        content = stream.read(_MOST_LIST + 1)
    files = files_listed(content, path) if len(content) <= _MOST_LIST else None
    if files is None:
        raise LabelSourceError(f"{path}: is neither an HDF5 file nor a list of them")
    if not files:
        raise LabelSourceError(f"{path}: names no HDF5 files")
    missing = next((file.name for file in files if file.path is None), None)
    if missing is not None:
        raise LabelSourceError(f"{path}: names {ascii(missing)[1:-1]}, which is not there")
    return Hdf5Labels(tuple(file.path for file in files if file.path is not None), dataset)


def _losses(built: Built, name: str | None, path: str) -> Sequence[Layer]:
    kept = [layer for layer in built.graph.layers if layer.type in _LOSSES]
    if not kept:
        raise LabelSourceError(
            f"{path}: has no loss of classes (InfogainLoss, SoftmaxWithLoss) in "
            f"{built.graph.state}; {_INSTEAD}"
        )
    if name is not None:
        named = [layer for layer in kept if layer.name == name]
        if not named:
            there = in_words([f"`{layer.name}`" for layer in kept])
            raise LabelSourceError(
                f"{path}: has no loss `{name}` in {built.graph.state}, but {there}"
            )
        return named
    return [layer for layer in kept if layer.type == "InfogainLoss"] or kept


def _labels_of(built: Built, loss: Layer, path: str) -> NetLabels:
    version = built.graph.source_of(loss, 1)
    if version is None and len(loss.bottoms) > 1:
        blob = loss.bottoms[1].name
        makers = (layer for layer in built.graph.net.layers if _makes(layer, blob))
        stages = {stage for layer in makers for rule in layer.include for stage in rule.stages}
        hint = f"--stage {' or '.join(sorted(stages))} names a state that does" if stages else ""
        raise LabelSourceError(
            f"{path}: nothing makes `{blob}`, the labels of `{loss.name}`, in "
            f"{built.graph.state}: {hint or _INSTEAD}"
        )
    if version is None:
        raise LabelSourceError(f"{path}: `{loss.name}` reads no labels as its second bottom")
    maker, slot = _maker(built, loss, version, path)
    source = _source_of(maker, slot, f"{path}: the labels of `{loss.name}`", path)
    ignored = loss.values("loss_param").integer("ignore_label")
    return NetLabels(source, loss.name, maker.name, ignored, _classes(built, loss))


def _makes(layer: Layer, blob: str) -> bool:
    return any(top.name == blob for top in layer.tops)


def _classes(built: Built, loss: Layer) -> int | None:
    version = built.graph.source_of(loss, 0)
    if version is None:
        return None
    return class_count(built.shapes.get(version.number), class_axis(loss))


def _maker(built: Built, loss: Layer, version: Version, path: str) -> tuple[Layer, int]:
    """The layer that brings labels, and as which of its tops; copies are seen through."""
    graph = built.graph
    while version.maker is not None:
        maker = graph.net.layers[version.maker.layer]
        if not maker.bottoms:
            return maker, version.maker.slot
        above = graph.source_of(maker, 0)
        if maker.type not in _COPIES or above is None:
            raise LabelSourceError(
                f"{path}: the labels of `{loss.name}` are made by {maker.type} `{maker.name}` and "
                f"are not those of a file: {_INSTEAD}"
            )
        version = above
    raise LabelSourceError(
        f"{path}: `{version.blob}`, the labels of `{loss.name}`, is an input of the net: {_INSTEAD}"
    )


def _source_of(maker: Layer, slot: int, said: str, path: str) -> LabelSource:
    by = f"{said} come from {maker.type} `{maker.name}`"
    if maker.type == "Data":
        folder = _found(maker, "data_param", by, path)
        maps = slot == 0
        if maps and maker.values("transform_param").has("scale", "mean_value", "mean_file"):
            raise LabelSourceError(f"{by}, which changes what is in its database: {_INSTEAD}")
        return _database(folder, maps, by)
    if maker.type == "ImageData" and slot == 1:
        return ImageListLabels(_found(maker, "image_data_param", by, path))
    if maker.type == "HDF5Data":
        listed = _found(maker, "hdf5_data_param", by, path)
        return _listed(listed, maker.tops[slot].name, by)
    raise LabelSourceError(f"{by}, which is not read here: {_INSTEAD}")


def _found(maker: Layer, param: str, by: str, path: str) -> Path:
    name = maker.values(param).string("source")
    if not name:
        raise LabelSourceError(f"{by}, which names no source: {_INSTEAD}")
    found = find_file(name, path)
    if found is None:
        raise LabelSourceError(
            f"{by}, whose source {ascii(name)[1:-1]} is not there, neither from here nor from the "
            f"net's folder: {_INSTEAD}"
        )
    return found


def _database(folder: Path, maps: bool, by: str) -> LabelSource:
    backend = backend_of(folder)
    if backend is None:
        raise LabelSourceError(f"{by}, whose source {folder} is no LMDB and no LevelDB: {_INSTEAD}")
    return LmdbLabels(folder, maps) if backend == "LMDB" else LevelDbLabels(folder, maps)


def _listed(path: Path, dataset: str, by: str) -> LabelSource:
    try:
        return hdf5_labels(path, dataset)
    except (FileError, UnreadableError) as error:
        raise LabelSourceError(f"{by}: {error}") from None
