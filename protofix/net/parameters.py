"""The shapes of a layer's learnable parameters, as far as a prototxt tells them.

They follow Caffe 1.0's `LayerSetUp` of each type that has parameters: the blobs in their order,
with None for a dimension that depends on data, and None for a shape of unknown rank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from caffe_proto import LAYERS
from protofix.net.graph import Graph
from protofix.net.layers import Layer, bool_of, integer_of, integers_of
from protofix.net.shapes import Dim, Shape, canonical_axis, fields_of, product, spatial_values
from protofix.textproto.tree import Node, messages_named, scalars_named

Shapes = tuple[Shape, ...]

_Rule = Callable[[Layer, Sequence[Shape]], Shapes]

_IMAGE_AXES = 2
# Types whose parameters are what some code outside the file makes them.
_OPEN = ("Python",)


def parameters_of(graph: Graph, shapes: Mapping[int, Shape]) -> dict[int, Shapes | None]:
    """Shapes of the parameters of each layer that a state keeps, by the layer's index.

    `shapes` are those of the graph's versions, as `shapes_of` gives them.
    """
    found: dict[int, Shapes | None] = {}
    for layer in graph.layers:
        sources = (graph.source_of(layer, slot) for slot in range(len(layer.bottoms)))
        bottoms = [None if it is None else shapes.get(it.number) for it in sources]
        found[layer.index] = parameter_shapes(layer, bottoms)
    return found


def parameter_names(layer: Layer) -> tuple[str, ...]:
    """The names that a layer gives its parameters, in their order; empty for one without a name.

    Parameters of one name are one and the same (Caffe 1.0, Net::AppendParam).
    """
    if layer.format == 0:
        return ()
    if layer.format == 1:
        return tuple(scalar.value for scalar in scalars_named(layer.node.fields, "param"))
    found = []
    for param in messages_named(layer.node.fields, "param"):
        names = scalars_named(param.fields, "name")
        found.append(names[-1].value if names else "")
    return tuple(found)


def parameter_shapes(layer: Layer, bottoms: Sequence[Shape]) -> Shapes | None:
    """Shapes of a layer's parameters, in Caffe's order; none for a type without parameters.

    None if the type does not tell how many there are: a Python layer, a type of some
    fork, or V0 padding, of which no layer is built.
    """
    rule = _RULES.get(layer.type)
    if rule is not None:
        return rule(layer, bottoms)
    return () if layer.type in LAYERS and layer.type not in _OPEN else None


def _has_bias(fields: tuple[Node, ...]) -> bool:
    return bool_of(fields, "bias_term", True) and bool_of(fields, "biasterm", True)


def _first(bottoms: Sequence[Shape]) -> Shape:
    return bottoms[0] if bottoms else None


def _convolution(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    fields = fields_of(layer, "convolution_param")
    output = integer_of(fields, "num_output")
    group = integer_of(fields, "group") or 1
    axis = integer_of(fields, "axis")
    bottom = _first(bottoms)
    at = canonical_axis(1 if axis is None else axis, len(bottom)) if bottom else None
    if bottom is None or at is None:
        # Images, unless the kernel says otherwise.
        channels, axes = None, max(_IMAGE_AXES, len(integers_of(fields, "kernel_size")))
    else:
        channels, axes = bottom[at], len(bottom) - at - 1
    first, second = (channels, output) if layer.type == "Deconvolution" else (output, channels)
    grouped = None if second is None else second // group
    weights: Shape = (first, grouped, *spatial_values(fields, "kernel_size", axes, None))
    return (weights, (output,)) if _has_bias(fields) else (weights,)


def _inner_product(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    fields = fields_of(layer, "inner_product_param")
    output = integer_of(fields, "num_output")
    axis = integer_of(fields, "axis")
    inner = _from_axis(_first(bottoms), 1 if axis is None else axis)
    transposed = bool_of(fields, "transpose", False)
    weights = (inner, output) if transposed else (output, inner)
    return (weights, (output,)) if _has_bias(fields) else (weights,)


def _from_axis(shape: Shape, axis: int) -> Dim:
    """How many values a blob has from an axis on."""
    if shape is None:
        return None
    at = axis + len(shape) if axis < 0 else axis
    return product(shape[at:]) if 0 <= at <= len(shape) else None


def _embed(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    fields = fields_of(layer, "embed_param")
    output = integer_of(fields, "num_output")
    weights = (integer_of(fields, "input_dim"), output)
    return (weights, (output,)) if _has_bias(fields) else (weights,)


def _along(bottom: Shape, axis: int, axes: int | None) -> Shape:
    """A blob's shape over some of its axes: `axes` of them, -1 for all, None for who knows."""
    if axes is None or (bottom is None and axes < 0):
        return None
    if bottom is None:
        return (None,) * axes
    start = canonical_axis(axis, len(bottom))
    if start is None:
        return (None,) * axes if axes >= 0 else None
    part = bottom[start:] if axes < 0 else bottom[start : start + axes]
    return part if axes < 0 or len(part) == axes else (None,) * axes


def _one_of(fields: tuple[Node, ...], name: str) -> int:
    """A number that is 1 unless the file says otherwise."""
    value = integer_of(fields, name)
    return 1 if value is None else value


def _scale(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    fields = fields_of(layer, "scale_param")
    axis, axes = _one_of(fields, "axis"), _one_of(fields, "num_axes")
    bottom = _first(bottoms)
    factors = () if len(bottoms) > 1 else (_along(bottom, axis, axes),)
    if not bool_of(fields, "bias_term", False):
        return factors
    if len(bottoms) == 1:
        return (*factors, _along(bottom, axis, axes))
    second = bottoms[1] if len(bottoms) > 1 else None
    return (_along(bottom, axis, None if second is None else len(second)),)


def _bias(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    if len(bottoms) > 1:
        return ()
    fields = fields_of(layer, "bias_param")
    return (_along(_first(bottoms), _one_of(fields, "axis"), _one_of(fields, "num_axes")),)


def _channels(bottom: Shape) -> Dim:
    if bottom is None:
        return None
    return bottom[1] if len(bottom) > 1 else 1


def _batch_norm(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    channels = _channels(_first(bottoms))
    return (channels,), (channels,), (1,)


def _prelu(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    shared = bool_of(fields_of(layer, "prelu_param"), "channel_shared", False)
    return ((),) if shared else ((_channels(_first(bottoms)),),)


def _parameter(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    fields = fields_of(layer, "parameter_param")
    return (
        tuple(d for m in messages_named(fields, "shape") for d in integers_of(m.fields, "dim")),
    )


def _recurrent(layer: Layer, bottoms: Sequence[Shape]) -> Shapes:
    """Weights from the input and their biases, from a static input if there is one, and onwards."""
    fields = fields_of(layer, "recurrent_param")
    hidden = integer_of(fields, "num_output")
    gates = 4 if layer.type == "LSTM" else 1
    width = None if hidden is None else gates * hidden
    exposed = LAYERS[layer.type].exposed_states if bool_of(fields, "expose_hidden", False) else 0
    shapes: list[Shape] = [(width, _from_axis(_first(bottoms), 2)), (width,)]
    if len(bottoms) > 2 + exposed:
        shapes.append((width, _from_axis(bottoms[2], 1)))
    shapes.append((width, hidden))
    if layer.type == "RNN":
        shapes += [(hidden, hidden), (hidden,)]
    return tuple(shapes)


_RULES: dict[str, _Rule] = {
    "BatchNorm": _batch_norm,
    "Bias": _bias,
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "Embed": _embed,
    "InnerProduct": _inner_product,
    "LSTM": _recurrent,
    "PReLU": _prelu,
    "Parameter": _parameter,
    "RNN": _recurrent,
    "Scale": _scale,
}
