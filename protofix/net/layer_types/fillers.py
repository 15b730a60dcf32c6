"""Fillers, which give a parameter its first values (Caffe 1.0, filler.hpp)."""

from __future__ import annotations

from protofix.net.names import nearest
from protofix.net.setup import Setup, Values
from protofix.net.shapes import Shape, count, differ, shape_text

FILLERS = (
    "constant", "gaussian", "positive_unitball", "uniform", "xavier", "msra", "bilinear",
)  # fmt: skip

_SPARSE = "gaussian"  # the one that `sparse` is for
_ROWS = ("positive_unitball", "xavier", "msra")  # those that ask for the first axis


def check_filler(it: Setup, values: Values, name: str, shape: Shape) -> None:
    """Refuse a filler that Caffe does not have, or that cannot fill a parameter of that shape.

    `name` is the filler's field in `values`: `weight_filler`, say. A parameter without values
    cannot be filled at all.
    """
    if count(shape) == 0:
        it.refuse_shape(f"would have a parameter of {shape_text(shape)}, without values")
        return
    found = values.messages(name)
    if not found:
        return
    filler, node = found[-1], values.field(name)
    written = filler.string("type")
    kind = "constant" if written is None else written
    if kind not in FILLERS:
        meant = nearest(kind, list(FILLERS)) or ", ".join(FILLERS)
        it.refuse(f'has {name} "{kind}", which is none of Caffe\'s: try "{meant}"', node)
    elif filler.integer("sparse", -1) != -1 and kind != _SPARSE:
        it.refuse(f'has {name} "{kind}" with `sparse`, which only "{_SPARSE}" takes', node)
    elif kind == _SPARSE and filler.integer("sparse", -1) < -1:
        it.refuse(f"has {name} with a negative `sparse`: give a count, or leave it out", node)
    elif kind == "gaussian" and not filler.real("std", 1.0) > 0:
        std = filler.real("std", 1.0)
        it.refuse(f'has {name} "gaussian" with std {std:g}: it must be above 0', node)
    elif kind == "uniform" and not filler.real("min", 0.0) <= filler.real("max", 1.0):
        low, high = filler.real("min", 0.0), filler.real("max", 1.0)
        it.refuse(f'has {name} "uniform" from {low:g} to {high:g}: min must not be above max', node)
    elif shape == () and (kind in _ROWS or filler.integer("sparse", -1) >= 0):
        it.refuse(f'has {name} "{kind}", but fills a single value: it is for 1 axis or more', node)
    elif kind == "bilinear" and shape is not None:
        if len(shape) != 4:
            it.refuse(
                f'has {name} "bilinear", but fills {shape_text(shape)}: it is for 4 axes', node
            )
        elif differ(shape[2], shape[3]):
            it.refuse(
                f'has {name} "bilinear", but its kernel is {shape_text(shape[2:])}: '
                "it is for square ones",
                node,
            )
