"""Fillers, which give a parameter its first values (Caffe 1.0, filler.hpp)."""

from __future__ import annotations

from protofix.net.names import nearest
from protofix.net.setup import Setup
from protofix.net.shapes import Shape, count, differ, shape_text
from protofix.net.values import Values

FILLERS = (
    "constant", "gaussian", "positive_unitball", "uniform", "xavier", "msra", "bilinear",
)  # fmt: skip

_SPARSE = "gaussian"  # the one that `sparse` is for
_ROWS = ("positive_unitball", "xavier", "msra")  # those that ask for the first axis


def check_filler(
    it: Setup, values: Values, name: str, shape: Shape, *, later: bool = False
) -> bool:
    """Refuse a filler that Caffe does not have, or that cannot fill a parameter of that shape.

    Gives whether it can. `name` is the filler's field in `values`: `weight_filler`, say. A
    parameter without values cannot be filled at all. With `later` Caffe fills when it first runs.
    """
    if count(shape) == 0:
        it.refuse_shape(f"would have a parameter of {shape_text(shape)}, without values")
        return False
    found = values.messages(name)
    if not found:
        return True
    filler, node = found[-1], values.field(name)
    written = filler.string("type")
    kind = "constant" if written is None else written
    if kind not in FILLERS:
        meant = nearest(kind, list(FILLERS))
        right = f'did you mean "{meant}"?' if meant else f"there are {', '.join(FILLERS)}"
        it.refuse(f'has {name} "{kind}", which is none of Caffe\'s: {right}', node)
        return False
    said = _unfit(filler, kind, shape)
    if said is not None:
        refuse = it.refuse_later if later else it.refuse
        refuse(f'has {name} "{kind}" {said}', node)
    return said is None


def _unfit(filler: Values, kind: str, shape: Shape) -> str | None:
    """Why a filler cannot fill a parameter; None if it can."""
    sparse = filler.integer("sparse", -1)
    if kind != _SPARSE:
        if sparse != -1:
            return f'with `sparse`, which only "{_SPARSE}" takes'
    elif sparse < -1:
        return "with a negative `sparse`: give a count, or leave it out"
    elif shape and shape[0] is not None and sparse > shape[0]:
        return (
            f"with sparse {sparse}, more than the {shape[0]} outputs of {shape_text(shape)}: it "
            "is how many of them each input keeps a weight to"
        )
    if kind == "gaussian" and not filler.real("std", 1.0) > 0:
        return f"with std {filler.real('std', 1.0):g}: it must be above 0"
    low, high = filler.real("min", 0.0), filler.real("max", 1.0)
    if kind == "uniform" and not low <= high:
        return f"from {low:g} to {high:g}: min must not be above max"
    if shape == () and (kind in _ROWS or sparse >= 0):
        return "but fills a single value: it is for 1 axis or more"
    if kind != "bilinear" or shape is None:
        return None
    if len(shape) != 4:
        return f"but fills {shape_text(shape)}: it is for 4 axes"
    if differ(shape[2], shape[3]):
        return f"but its kernel is {shape_text(shape[2:])}: it is for square ones"
    return None
