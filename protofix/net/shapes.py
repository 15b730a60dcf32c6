"""The shape of each blob in a state, as far as a prototxt tells it.

A dimension that depends on data is None, and so is a shape whose very rank is unknown; both flow
through. Sizes follow Caffe 1.0's `Reshape` of each layer type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from caffe_proto import LAYERS
from protofix.net.graph import Graph
from protofix.net.layers import Layer, bool_of, enum_of, integer_of, integers_of
from protofix.textproto.tree import Message, Node, messages_named

Dim = int | None
Shape = tuple[Dim, ...] | None

_Rule = Callable[[Layer, list[Shape]], list[Shape]]

_MOST_AXES = 32  # of a blob (Caffe 1.0, kMaxBlobAxes)
_ROUNDS = ("CEIL", "FLOOR")

# Layers whose top has the shape of their first bottom.
_SAME = {name for name, facts in LAYERS.items() if facts.neuron} | {
    "BatchNorm", "Bias", "Eltwise", "LRN", "MVN", "Scale", "Softmax", "Split",
}  # fmt: skip


def shapes_of(graph: Graph, given: Mapping[str, Shape] | None = None) -> dict[int, Shape]:
    """Shape of every version of every blob, by the version's number.

    `given` tells the shapes of blobs that layers without bottoms make, by name: what a data layer
    will find in its source.
    """
    given = given or {}
    shapes: dict[int, Shape] = {}
    inputs = _input_shapes(graph.net.document.fields)
    for number, version in enumerate(graph.versions):
        if version.maker is None:
            shapes[number] = inputs[number] if number < len(inputs) else None
    for layer in graph.layers:
        bottoms: list[Shape] = []
        for slot in range(len(layer.bottoms)):
            source = graph.source_of(layer, slot)
            bottoms.append(None if source is None else shapes.get(source.number))
        tops = _tops(layer, bottoms)
        for slot in range(len(layer.tops)):
            result = graph.result_of(layer, slot)
            assert result is not None
            shapes[result.number] = tops[slot] if slot < len(tops) else None
            if not layer.bottoms and result.blob in given:
                shapes[result.number] = given[result.blob]
    return shapes


def canonical_axis(axis: int, rank: int) -> int | None:
    """Index of an axis counted from the front, or None if the blob has no such axis."""
    index = axis + rank if axis < 0 else axis
    return index if 0 <= index < rank else None


def class_count(shape: Shape, axis: int) -> int | None:
    """Length of a blob along an axis that may count from the end, where it is known."""
    if shape is None:
        return None
    index = canonical_axis(axis, len(shape))
    return None if index is None else shape[index]


def fields_of(layer: Layer, name: str) -> tuple[Node, ...]:
    """The fields of a layer's message of that name; of a V0 layer, which has none, its own."""
    param = layer.param(name)
    if param is not None:
        return param.fields
    return layer.fields if layer.format == 0 else ()


def product(dims: tuple[Dim, ...]) -> Dim:
    """How many values so many dimensions make; None if one of them is not known."""
    known = [dim for dim in dims if dim is not None]
    return math.prod(known) if len(known) == len(dims) else None


def spatial_values(fields: tuple[Node, ...], name: str, axes: int, default: Dim) -> list[Dim]:
    """A value for each spatial axis: `kernel_size`, say, or `kernel_h` and `kernel_w`.

    `default` stands for what the file does not give.
    """
    stem = name.removesuffix("_size")
    pair = (integer_of(fields, f"{stem}_h"), integer_of(fields, f"{stem}_w"))
    if axes == 2 and pair != (None, None):
        return [default if value is None else value for value in pair]
    values = integers_of(fields, name) or integers_of(fields, name.replace("_", ""))
    if not values:
        return [default] * axes
    return list(values) if len(values) == axes else [values[0]] * axes


def _tops(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    if layer.type in _SAME and bottoms:
        return [bottoms[0]] * len(layer.tops)
    facts = LAYERS.get(layer.type)
    rule = _RULES.get(layer.type)
    if rule is not None:
        return rule(layer, bottoms)
    if facts is not None and facts.loss:
        # The loss, and for the softmax losses the probabilities behind it.
        return [(), bottoms[0] if bottoms else None]
    return [None] * len(layer.tops)


def _input_shapes(fields: tuple[Node, ...]) -> list[Shape]:
    shapes: list[Shape] = [_blob_shape(m) for m in messages_named(fields, "input_shape")]
    if not shapes:
        dims = integers_of(fields, "input_dim")
        shapes = [dims[i : i + 4] for i in range(0, len(dims), 4)]
    return shapes


def _blob_shape(message: Message) -> Shape:
    return integers_of(message.fields, "dim")


def _input(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    shapes: list[Shape] = [
        _blob_shape(m) for m in messages_named(fields_of(layer, "input_param"), "shape")
    ]
    return shapes * len(layer.tops) if len(shapes) == 1 else shapes


def _dummy_data(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "dummy_data_param")
    shapes: list[Shape] = [_blob_shape(m) for m in messages_named(fields, "shape")]
    if not shapes:
        sides = [integers_of(fields, side) for side in ("num", "channels", "height", "width")]
        count = max(map(len, sides))
        if not all(sides):
            return [None] * len(layer.tops)
        shapes = [tuple(s[i] if i < len(s) else s[0] for s in sides) for i in range(count)]
    return shapes * len(layer.tops) if len(shapes) == 1 else shapes


def _image_data(param: str) -> _Rule:
    def rule(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
        fields = fields_of(layer, param)
        batch = integer_of(fields, "batch_size") or integer_of(fields, "batchsize")
        crop = (
            integer_of(fields_of(layer, "transform_param"), "crop_size")
            or integer_of(fields, "crop_size")
            or integer_of(fields, "cropsize")
        )
        height = crop or integer_of(fields, "new_height") or None
        width = crop or integer_of(fields, "new_width") or None
        return [(batch, None, height, width), (batch,)]

    return rule


def _memory_data(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "memory_data_param")
    sides = ("batch_size", "channels", "height", "width")
    shape = tuple(integer_of(fields, side) for side in sides)
    return [shape, shape[:1]]


def _convolution(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "convolution_param")
    output = integer_of(fields, "num_output")
    # Images, unless the bottom or the kernel says otherwise.
    axes = max(2, len(integers_of(fields, "kernel_size")))
    results: list[Shape] = []
    for shape in bottoms:
        axis = integer_of(fields, "axis")
        at = canonical_axis(1 if axis is None else axis, len(shape)) if shape else 1
        if shape is None or at is None:
            results.append((None, output, *[None] * axes))
            continue
        spatial = shape[at + 1 :]
        count = len(spatial)
        kernels = spatial_values(fields, "kernel_size", count, None)
        strides = spatial_values(fields, "stride", count, 1)
        pads = spatial_values(fields, "pad", count, 0)
        dilations = spatial_values(fields, "dilation", count, 1)
        sides = [
            _convolved(layer.type, *side)
            for side in zip(spatial, kernels, strides, pads, dilations, strict=True)
        ]
        results.append((*shape[:at], output, *sides))
    return results


def _convolved(kind: str, size: Dim, kernel: Dim, stride: Dim, pad: Dim, dilation: Dim) -> Dim:
    if size is None or kernel is None or not stride or pad is None or dilation is None:
        return None
    extent = dilation * (kernel - 1) + 1
    if kind == "Deconvolution":
        return stride * (size - 1) + extent - 2 * pad
    return (size + 2 * pad - extent) // stride + 1


def _pooling(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "pooling_param")
    bottom = bottoms[0] if bottoms else None
    if bool_of(fields, "global_pooling", False):
        if bottom is None:
            return [(None, None, 1, 1)] * len(layer.tops)
        return [(*bottom[:2], *[1] * (len(bottom) - 2))] * len(layer.tops)
    if bottom is None or len(bottom) != 4:
        return [(None, None, None, None)] * len(layer.tops)
    kernels = spatial_values(fields, "kernel_size", 2, None)
    strides = spatial_values(fields, "stride", 2, 1)
    pads = spatial_values(fields, "pad", 2, 0)
    ceil = enum_of(fields, "round_mode", _ROUNDS) != "FLOOR"
    sides = [_pooled(*side, ceil) for side in zip(bottom[2:], kernels, strides, pads, strict=True)]
    return [(*bottom[:2], *sides)] * len(layer.tops)


def _v0_padding(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    """V0's layer of that type, which puts zeros around images (Caffe of 2013, PaddingLayer)."""
    pad = integer_of(fields_of(layer, "padding_param"), "pad") or 0
    bottom = bottoms[0] if bottoms else None
    if bottom is None or len(bottom) != 4:
        return [(None, None, None, None)]
    return [(*bottom[:2], *(None if side is None else side + 2 * pad for side in bottom[2:]))]


def _pooled(size: Dim, kernel: Dim, stride: Dim, pad: Dim, ceil: bool) -> Dim:
    if size is None or kernel is None or not stride or pad is None:
        return None
    room = size + 2 * pad - kernel
    pooled = (-(-room // stride) if ceil else room // stride) + 1
    # The last window must begin inside the image or the padding before it.
    if pad and (pooled - 1) * stride >= size + pad:
        pooled -= 1
    return pooled


def _inner_product(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "inner_product_param")
    output = integer_of(fields, "num_output")
    axis = integer_of(fields, "axis")
    axis = 1 if axis is None else axis
    bottom = bottoms[0] if bottoms else None
    if bottom is None:
        return [(*[None] * axis, output)] if 0 <= axis < _MOST_AXES else [None]
    at = canonical_axis(axis, len(bottom))
    return [None] if at is None else [(*bottom[:at], output)]


def _embed(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    bottom = bottoms[0] if bottoms else None
    output = integer_of(fields_of(layer, "embed_param"), "num_output")
    return [None if bottom is None else (*bottom, output)]


def _concat(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "concat_param")
    axis = integer_of(fields, "axis")
    if axis is None:
        axis = integer_of(fields, "concat_dim")
    axis = 1 if axis is None else axis
    known = [shape for shape in bottoms if shape is not None]
    if not known:
        return [None]
    at = canonical_axis(axis, len(known[0]))
    if at is None or any(len(shape) != len(known[0]) for shape in known):
        return [None]
    total: Dim = None
    if len(known) == len(bottoms):
        parts = [shape[at] for shape in known]
        total = None if None in parts else sum(part for part in parts if part is not None)
    merged = tuple(
        next((shape[i] for shape in known if shape[i] is not None), None)
        for i in range(len(known[0]))
    )
    return [(*merged[:at], total, *merged[at + 1 :])]


def _slice(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "slice_param")
    bottom = bottoms[0] if bottoms else None
    axis = integer_of(fields, "axis")
    if axis is None:
        axis = integer_of(fields, "slice_dim")
    at = canonical_axis(1 if axis is None else axis, len(bottom)) if bottom else None
    if bottom is None or at is None or not layer.tops:
        return [None] * len(layer.tops)
    count, size = len(layer.tops), bottom[at]
    points = integers_of(fields, "slice_point")
    parts: list[Dim]
    if points and len(points) == count - 1:
        starts = (0, *points[:-1])
        inner: list[Dim] = [end - start for start, end in zip(starts, points, strict=True)]
        parts = [*inner, None if size is None else size - points[-1]]
    else:
        parts = [None if size is None else size // count] * count
    return [(*bottom[:at], part, *bottom[at + 1 :]) for part in parts]


def _flatten(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "flatten_param")
    bottom = bottoms[0] if bottoms else None
    first, last = integer_of(fields, "axis"), integer_of(fields, "end_axis")
    if bottom is None:
        # All but the batch in one axis, whatever comes in.
        return [(None, None) if first in (None, 1) and last in (None, -1) else None]
    start = canonical_axis(1 if first is None else first, len(bottom))
    end = canonical_axis(-1 if last is None else last, len(bottom))
    if start is None or end is None or end < start:
        return [None]
    return [(*bottom[:start], product(bottom[start : end + 1]), *bottom[end + 1 :])]


def _reshape(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "reshape_param")
    bottom = bottoms[0] if bottoms else None
    asked = [d for m in messages_named(fields, "shape") for d in integers_of(m.fields, "dim")]
    axis, axes = integer_of(fields, "axis") or 0, integer_of(fields, "num_axes")
    axes = -1 if axes is None else axes
    if bottom is None:
        if axis or axes != -1:
            return [None]
        return [tuple(dim if dim > 0 else None for dim in asked)]
    rank = len(bottom)
    start = axis if axis >= 0 else rank + axis + 1
    end = rank if axes == -1 else start + axes
    if not 0 <= start <= end <= rank:
        return [None]
    middle: list[Dim] = []
    for index, dim in enumerate(asked):
        copied = bottom[start + index] if dim == 0 and start + index < rank else None
        middle.append(copied if dim == 0 else None if dim == -1 else dim)
    if -1 in asked:
        at = asked.index(-1)
        # Axes that are copied cancel out, the batch that nobody knows among them.
        zeros = {start + index for index, dim in enumerate(asked) if dim == 0}
        total = product(tuple(bottom[i] for i in range(start, end) if i not in zeros))
        rest = product(tuple(dim for dim in asked if dim > 0))
        middle[at] = total // rest if total is not None and rest else None
    return [(*bottom[:start], *middle, *bottom[end:])]


def _crop(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    if len(bottoms) != 2 or bottoms[0] is None:
        return [(None, None, None, None)]
    axis = integer_of(fields_of(layer, "crop_param"), "axis")
    at = canonical_axis(2 if axis is None else axis, len(bottoms[0]))
    if at is None:
        return [None]
    like = bottoms[1] or (None,) * len(bottoms[0])
    return [(*bottoms[0][:at], *like[at:])]


def _accuracy(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    axis = integer_of(fields_of(layer, "accuracy_param"), "axis")
    classes = class_count(bottoms[0] if bottoms else None, 1 if axis is None else axis)
    return [(), (classes,)]


def _argmax(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "argmax_param")
    bottom = bottoms[0] if bottoms else None
    if bottom is None:
        return [None]
    axis, top_k = integer_of(fields, "axis"), integer_of(fields, "top_k") or 1
    if axis is not None:
        at = canonical_axis(axis, len(bottom))
        return [None] if at is None else [(*bottom[:at], top_k, *bottom[at + 1 :])]
    pair = 2 if bool_of(fields, "out_max_val", False) else 1
    return [(bottom[0], pair, top_k, *[1] * max(0, len(bottom) - 3))]


def _reduction(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    bottom = bottoms[0] if bottoms else None
    axis = integer_of(fields_of(layer, "reduction_param"), "axis") or 0
    at = canonical_axis(axis, len(bottom)) if bottom is not None else axis
    if at is None or (bottom is None and at != 0):
        return [None]
    return [() if bottom is None else bottom[:at]]


def _tile(layer: Layer, bottoms: list[Shape]) -> list[Shape]:
    fields = fields_of(layer, "tile_param")
    bottom = bottoms[0] if bottoms else None
    axis, tiles = integer_of(fields, "axis"), integer_of(fields, "tiles")
    at = canonical_axis(1 if axis is None else axis, len(bottom)) if bottom else None
    if bottom is None or at is None:
        return [None]
    size = bottom[at]
    tiled = None if size is None or tiles is None else size * tiles
    return [(*bottom[:at], tiled, *bottom[at + 1 :])]


_RULES: dict[str, _Rule] = {
    "Accuracy": _accuracy,
    "ArgMax": _argmax,
    "Concat": _concat,
    "Convolution": _convolution,
    "Crop": _crop,
    "Data": _image_data("data_param"),
    "Deconvolution": _convolution,
    "DummyData": _dummy_data,
    "Embed": _embed,
    "Flatten": _flatten,
    "ImageData": _image_data("image_data_param"),
    "InnerProduct": _inner_product,
    "Input": _input,
    "MemoryData": _memory_data,
    "Pooling": _pooling,
    "Reduction": _reduction,
    "Reshape": _reshape,
    "Slice": _slice,
    "Tile": _tile,
    "padding": _v0_padding,
}
