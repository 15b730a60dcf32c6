"""Layers that bring data into a net, and those that tell a shape themselves.

What is read where its files are there is in `protofix.net.data_files`. A file that is not there is
nothing to refuse: it lies where Caffe is started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protofix.net.data_files import Backend, shown
from protofix.net.layer_types.data_transform import (
    Images,
    transform_of,
    transformed,
    with_mean_values,
)
from protofix.net.layer_types.fillers import check_filler
from protofix.net.names import counted
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, count, differ, shape_text
from protofix.net.values import Values, string_of
from protofix.textproto.tree import Message, Node

_BACKENDS: tuple[Backend, Backend] = ("LEVELDB", "LMDB")
_LEGACY_AXES = 4
_LARGEST_DIM = 2**63 - 1  # that a BlobShape takes; of more, the schema check says so
# In the V0 format these are the layer's own, and become its transform_param whatever its type.
_V0_TRANSFORM = ("scale", "meanfile", "cropsize", "mirror")


def _input(it: Setup) -> Made:
    values = it.values("input_param")
    tops = it.layer.tops
    shapes = _shapes(it, values, "shape")
    if not shapes:
        # Caffe leaves it to the program to say later, and the blob without axes until then.
        return Made(((),) * len(tops))
    if len(shapes) not in (1, len(tops)):
        it.refuse(
            f"has {len(shapes)} shapes and {len(tops)} tops: write shape once for all, or once "
            "for each",
            values.field("shape"),
        )
        return it.unknown()
    return Made(tuple(shapes * len(tops) if len(shapes) == 1 else shapes))


def _parameter(it: Setup) -> Made:
    shapes = _shapes(it, it.values("parameter_param"), "shape")
    shape = shapes[-1] if shapes else ()
    return Made((shape,), (shape,))


def _shapes(it: Setup, values: Values, name: str) -> list[Shape]:
    """The BlobShapes of that name, with what no dimension can be unknown."""
    nodes = [node for node in values.fields if node.name == name]
    return [
        _checked(it, dims, nodes[index] if index < len(nodes) else None)
        for index, dims in enumerate(values.shapes(name))
    ]


def _checked(it: Setup, dims: Sequence[int], at: Node | None) -> Shape:
    if any(dim < 0 for dim in dims):
        it.refuse_shape(
            f"has a shape of {shape_text(tuple(dims))}: no dimension can be less than 0", at
        )
    return tuple(dim if 0 <= dim <= _LARGEST_DIM else None for dim in dims)


def _dummy_data(it: Setup) -> Made:
    values = it.values("dummy_data_param")
    tops = len(it.layer.tops)
    fillers = [node for node in values.fields if node.name == "data_filler"]
    if len(fillers) not in (0, 1, tops):
        it.refuse(
            f"has {len(fillers)} data_filler and {tops} tops: write it once for all, once for "
            "each, or not at all",
            fillers[-1],
        )
        fillers = []
    if values.has("num", "channels", "height", "width"):
        shapes = _legacy_shapes(it, values, tops)
    else:
        shapes = _shapes(it, values, "shape")
        if len(shapes) not in (1, tops):
            it.refuse(
                f"has {counted(len(shapes), 'shape', none='no')} and {counted(tops, 'top')}: write "
                "shape once for all, or once for each",
                values.field("shape"),
            )
            shapes = []
    shapes = shapes * tops if len(shapes) == 1 else shapes
    if not it.refusals:
        _check_data_fillers(it, fillers, shapes)
    return Made(tuple(shapes)) if shapes else it.unknown()


def _check_data_fillers(it: Setup, fillers: Sequence[Node], shapes: Sequence[Shape]) -> None:
    """Constants are filled in when the net is built, anything else when it first runs."""
    for slot, shape in enumerate(shapes):
        filler = fillers[slot if len(fillers) > 1 else 0] if fillers else None
        constant = not isinstance(filler, Message) or (
            (string_of(filler.fields, "type") or "constant") == "constant"
        )
        nothing = count(shape) == 0
        if nothing and constant:
            top = it.layer.tops[slot]
            it.refuse_shape(f"makes `{top.name}` of {shape_text(shape)}, without values", top)
            continue
        filled = None if nothing else shape
        fits = filler is None or check_filler(
            it, Values((filler,)), "data_filler", filled, later=not constant
        )
        if not fits and len(fillers) == 1:
            return  # Of the one that is for all, enough has been said.


def _legacy_shapes(it: Setup, values: Values, tops: int) -> list[Shape]:
    """The shapes of `num`, `channels`, `height` and `width`, each given once or once a top."""
    if values.has("shape"):
        it.refuse(
            "has both shape and num, channels, height or width: give one or the other",
            values.field("shape"),
        )
        return []
    sides: list[tuple[int, ...]] = []
    for name in ("num", "channels", "height", "width"):
        side = values.integers(name)
        if len(side) not in (1, tops):
            it.refuse(
                f"has {len(side) or 'no'} {name} and {counted(tops, 'top')}: write "
                "num, channels, height and width once for all, or once for each",
                values.field(name),
            )
            return []
        sides.append(side * tops if len(side) == 1 else side)
    return [tuple(_dim(dim) for dim in dims) for dims in zip(*sides, strict=True)]


def _dim(value: int) -> Dim:
    """A dimension as a uint32 gives it; one that is none is for the schema check to say."""
    return value if 0 <= value < 1 << 32 else None


def _memory_data(it: Setup) -> Made:
    values = it.values("memory_data_param")
    transform_of(it, "memory_data_param")
    names = ("batch_size", "channels", "height", "width")
    missing = [name for name in names if not values.integer(name)]
    if missing:
        it.refuse(
            f"needs batch_size, channels, height and width; it has no {' and no '.join(missing)}",
            values.field(*missing),
        )
    shape = tuple(_dim(values.integer(name, 0)) or None for name in names)
    return Made((shape, shape[:1]))


def _batch(it: Setup, values: Values, default: int = 0, *, later: bool = False) -> Dim:
    """The images or rows of a batch; with `later` Caffe builds without, and cannot run."""
    name = "batchsize" if it.layer.format == 0 else "batch_size"
    batch = values.integer(name, default)
    if not batch:
        refuse = it.refuse_later if later else it.refuse
        refuse("needs batch_size, how many it reads at a time", values.field(name))
    return _dim(batch) or None


def _source(it: Setup, values: Values, what: str) -> str:
    """The path that a data layer reads; empty where it must be refused, or is not known."""
    source, at = values.string("source"), values.field("source")
    if not source and (at is None or source == ""):
        it.refuse(f"needs source, {what}", at)
    return source or ""


def _quoted(name: str) -> str:
    """A path, or a dataset's name, in a sentence."""
    return f"`{shown(name)}`"


def _check_prefetch(it: Setup) -> None:
    values = it.values("data_param")
    if values.integer("prefetch", 4) == 0:
        it.refuse_later(
            "has prefetch 0, and would wait for ever for what nobody reads: it must be at least 1",
            values.field("prefetch"),
        )


def _batches(it: Setup, batch: Dim, size: tuple[Dim, Dim, Dim]) -> Made:
    """Images, and a label for each if there is a top for it."""
    shapes: tuple[Shape, Shape] = ((batch, *size), (batch,))
    return Made(shapes[: len(it.layer.tops)])


def _data(it: Setup) -> Made:
    values = it.values("data_param")
    how = transform_of(it, "data_param")
    batch = _batch(it, values)
    _check_prefetch(it)
    source = _source(it, values, "the folder of its LevelDB or LMDB")
    return _batches(it, batch, transformed(it, how, _first_record(it, values, source)))


def _first_record(it: Setup, values: Values, source: str) -> Images:
    """What is known of the images of a database."""
    called = f"the first record of {_quoted(source)}"
    backend = _BACKENDS[values.enum("backend", _BACKENDS) == "LMDB"]
    found = it.files.backend(source) if it.files is not None and source else None
    if it.files is None or found is None:
        return Images()
    if found != backend:
        kind = "an LMDB" if found == "LMDB" else "a LevelDB"
        default = "" if values.has("backend") else ", the default"
        it.refuse(
            f"reads {_quoted(source)}, which is {kind}, as {backend}{default}: "
            f"write backend: {found}",
            values.field("backend", "source"),
        )
        return Images()
    record = it.files.record(source, backend)
    if record is None:
        return Images()
    images = Images(record.channels, record.height, record.width, called)
    if record.encoded:
        how = it.values("transform_param")
        color, gray = how.boolean("force_color", False), how.boolean("force_gray", False)
        if color and gray:
            it.refuse("has both force_color and force_gray", how.field("force_gray"))
            return images._replace(channels=None)
        return images._replace(channels=3 if color else 1 if gray else record.channels)
    if any(side is not None and side <= 0 for side in images[:3]):
        it.refuse_shape(
            f"reads {_quoted(source)}, whose first record is {shape_text(images[:3])}, no image",
            values.field("source"),
        )
        return Images()
    return images


def _image_data(it: Setup) -> Made:
    values = it.values("image_data_param")
    how = transform_of(it, "image_data_param")
    batch = _batch(it, values, 0 if values.has("batch_size", "batchsize") else 1)
    _check_prefetch(it)
    source = _source(it, values, "the list of its images")
    height, width = values.integer("new_height", 0), values.integer("new_width", 0)
    channels = 3 if values.boolean("is_color", True) else 1
    images = Images(channels, _dim(height) or None, _dim(width) or None)
    if (height > 0) != (width > 0) or min(height, width) < 0:
        it.refuse(
            f"has new_height {height} and new_width {width}: give both, or neither",
            values.field("new_height", "new_width"),
        )
        images = Images(channels)
    elif not height:
        images = _first_image(it, values, source, images)
        # Of images of any size, each is a batch by itself.
        drawn = values.boolean("shuffle", values.boolean("shuffle_images", False))
        if batch == 1 and not how.crop and (drawn or values.integer("rand_skip")):
            images = Images(channels)
    return _batches(it, batch, transformed(it, how, images))


def _first_image(it: Setup, values: Values, source: str, images: Images) -> Images:
    """The first image of a list, where it is there."""
    listed = it.files.image_list(source) if it.files is not None and source else None
    if it.files is None or listed is None:
        return images
    if listed.first is None:
        it.refuse(
            f"reads {_quoted(source)}, which is empty: write an image and its label on each line",
            values.field("source"),
        )
        return images
    path = (values.string("root_folder") or "") + listed.first
    picture = it.files.image(path)
    if picture is None:
        return images
    return Images(images.channels, picture.height, picture.width, _quoted(path))


def _window_data(it: Setup) -> Made:
    values = it.values("window_data_param")
    how = transform_of(it, "window_data_param")
    batch = _batch(it, values)
    _check_prefetch(it)
    source = _source(it, values, "the list of its images and windows")
    if not how.crop:
        moved = values.has("crop_size") and it.layer.format == 2
        it.refuse(
            "needs crop_size in transform_param, the size of each window"
            + (": in window_data_param it has no effect" if moved else ""),
            values.field("crop_size") if moved else how.crop_at,
        )
    channels = it.files.window_channels(source) if it.files is not None and source else None
    images = Images(channels, called=f"the first image of {_quoted(source)}")
    side = _dim(how.crop) or None
    return _batches(it, batch, (with_mean_values(it, how, images), side, side))


def _hdf5_data(it: Setup) -> Made:
    values = it.values("hdf5_data_param")
    transform: Node | None = it.layer.param("transform_param")
    if it.layer.format == 0:
        transform = values.field(*_V0_TRANSFORM)
    if transform is not None:
        it.refuse(
            f"is an HDF5Data, which does not transform its data: take {transform.name} away",
            transform,
        )
    batch = _batch(it, values, later=True)
    source = _source(it, values, "the list of its HDF5 files")
    listed = it.files.hdf5_list(source) if it.files is not None and source else None
    if it.files is None or listed is None:
        return it.unknown()
    if listed.first is None:
        it.refuse(
            f"reads {_quoted(source)}, which is empty: write the path of an HDF5 file on each line",
            values.field("source"),
        )
        return it.unknown()
    return Made(_datasets(it, listed.first, batch))


def _datasets(it: Setup, path: str, batch: Dim) -> tuple[Shape, ...]:
    """The shapes of the datasets that are named as the tops are."""
    assert it.files is not None
    tops = it.layer.tops
    file = it.files.hdf5(path, tuple(top.name for top in tops))
    if file is None:
        return (None,) * len(tops)
    where = _quoted(path)
    rows: Dim = None
    shapes: list[Shape] = []
    for top in tops:
        found = file.datasets.get(top.name)
        shape = found.shape if found else None
        if top.name not in file.names:
            there = ", ".join(_quoted(name) for name in file.names[:10]) or "none"
            it.refuse(f"makes `{top.name}`, but {where} has no such dataset: it has {there}", top)
        elif found and found.other:
            it.refuse(
                f"makes `{top.name}`, but in {where} it holds {found.other}: write it as float32",
                top,
            )
        elif shape == ():
            it.refuse_shape(
                f"makes `{top.name}`, but in {where} it is a single value: its first axis must "
                "count rows",
                top,
            )
            shape = None
        elif shape is not None and differ(rows, shape[0]):
            it.refuse_shape(
                f"makes `{top.name}`, which in {where} has {shape[0]} rows, but "
                f"`{tops[0].name}` has {rows}",
                top,
            )
        elif shape is not None and rows is None:
            rows = shape[0]
        shapes.append(None if not shape else (batch, *shape[1:]))
    return tuple(shapes)


def _hdf5_output(it: Setup) -> Made:
    values = it.values("hdf5_output_param")
    if not values.string("file_name"):
        it.refuse("needs file_name, the HDF5 file to write", values.field("file_name"))
    first: list[Dim] = []
    for slot, shape in enumerate(it.bottoms):
        if shape is not None and len(shape) > _LEGACY_AXES:
            it.refuse_later(
                f"reads {it.called(slot)}, which is {shape_text(shape)}: it takes at most "
                f"{_LEGACY_AXES} axes",
                slot,
            )
        elif shape is not None and (not shape or shape[0] is not None):
            first.append(shape[0] if shape else 1)
    if len(first) == len(it.bottoms) and differ(first[0], first[1]):
        it.refuse_later(
            f"reads {it.called()}, which is {shape_text(it.bottom())}, and {it.called(1)}, which "
            f"is {shape_text(it.bottom(1))}: the first axis of both must be the same",
            1,
        )
    return Made()


def _silence(it: Setup) -> Made:
    return Made()


def _python(it: Setup) -> Made:
    """Whatever its program makes of it, which is not run here."""
    return it.unknown(None)


RULES: Mapping[str, Rule] = {
    "Data": _data,
    "DummyData": _dummy_data,
    "HDF5Data": _hdf5_data,
    "HDF5Output": _hdf5_output,
    "ImageData": _image_data,
    "Input": _input,
    "MemoryData": _memory_data,
    "Parameter": _parameter,
    "Python": _python,
    "Silence": _silence,
    "WindowData": _window_data,
}
