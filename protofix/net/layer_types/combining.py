"""Layers that bring several bottoms together: Concat, Eltwise and Filter.

Facts from Caffe 1.0: concat_layer.cpp, eltwise_layer.cpp, filter_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.enums import ELTWISE_OPERATIONS
from protofix.net.layer_types.reshaping import refuse_empty
from protofix.net.names import counted
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, differ, shape_text
from protofix.net.values import Values, enum_of


def axis_or_dim(it: Setup, values: Values, older: str, slot: int = 0) -> int | None:
    """The axis of a bottom that `axis`, or else the `older` field such as `concat_dim`, tells.

    It is 1 by default. None if it is not known, or refused.
    """
    at = values.field(older)
    if at is None:
        return it.axis(values.integer("axis", 1), values.field("axis"), slot)
    if values.has("axis"):
        it.refuse(f"has both axis and {older}, its older name: give axis alone", at)
        return None
    axis = values.integer(older, 1)
    # The older field is unsigned: a negative number is a mistake for the schema check to say.
    return it.axis(axis, at, slot) if axis >= 0 else None


def _concat(it: Setup) -> Made:
    if len(it.bottoms) == 1:
        refuse_empty(it)
    values = it.values("concat_param")
    first = next((slot for slot, shape in enumerate(it.bottoms) if shape is not None), 0)
    at = axis_or_dim(it, values, "concat_dim", first)
    if it.bottom(first) is None or at is None:
        return it.unknown()
    dims = _alike(it, first, at)
    if dims is None:
        return it.unknown()
    parts = [None if shape is None else shape[at] for shape in it.bottoms]
    known = [part for part in parts if part is not None]
    dims[at] = sum(known) if len(known) == len(parts) else None
    return Made((tuple(dims),))


def _eltwise(it: Setup) -> Made:
    values = it.values("eltwise_param")
    coefficients, bottoms = values.scalars("coeff"), len(it.bottoms)
    if coefficients and len(coefficients) != bottoms:
        it.refuse(
            f"has {len(coefficients)} coeff and {bottoms} bottoms: write it once for each, or "
            "not at all",
            coefficients[-1],
        )
    elif coefficients and enum_of(values.fields, "operation", ELTWISE_OPERATIONS) == "PROD":
        it.refuse("has coeff and operation PROD: coeff is for SUM", coefficients[0])
    first = next((slot for slot, shape in enumerate(it.bottoms) if shape is not None), None)
    dims = None if first is None else _alike(it, first)
    return Made((None if dims is None else tuple(dims),))


def _alike(it: Setup, first: int, free: int | None = None) -> list[Dim] | None:
    """What any bottom tells of the one shape that all have, of which one axis may be free.

    `first` is the first bottom of known rank. Those that do not fit are refused, and the dims
    they are about left unknown; None if they are not of one rank.
    """
    dims: list[Dim] = list(it.bottoms[first] or ())
    told_by = [first] * len(dims)
    unlike: set[int] = set()
    one_rank = True
    for slot, shape in enumerate(it.bottoms):
        if shape is None or slot <= first:
            continue
        if len(shape) != len(dims):
            one_rank = False
            _refuse_unlike(it, slot, first, free)
            continue
        clashes = [place for place, dim in enumerate(shape) if differ(dim, dims[place])]
        clashes = [place for place in clashes if place != free]
        if clashes:
            unlike.update(clashes)
            _refuse_unlike(it, slot, told_by[clashes[0]], free)
        for place, dim in enumerate(shape):
            if dims[place] is None and dim is not None:
                dims[place], told_by[place] = dim, slot
    for place in unlike:
        dims[place] = None
    return dims if one_rank else None


def _refuse_unlike(it: Setup, slot: int, other: int, free: int | None) -> None:
    must = (
        "all its bottoms must be of one shape"
        if free is None
        else f"they may differ along axis {free} alone, on which they are joined"
    )
    it.refuse_shape(
        f"reads {it.called(slot)}, which is {shape_text(it.bottom(slot))}, beside "
        f"{it.called(other)}, which is {shape_text(it.bottom(other))}: {must}",
        slot,
    )


def _filter(it: Setup) -> Made:
    *filtered, selector = it.bottoms
    tops = len(it.layer.tops)
    if tops != len(filtered):
        it.refuse(
            f"makes {counted(tops, 'top')} of {len(filtered)} bottoms and a last one "
            "that selects: it makes one top for each but the last",
            it.layer.tops[-1],
            "blob-count",
        )
        return it.unknown()
    last = len(filtered)
    number = _selected(it, last, selector)
    told_by, fit = last, True
    for slot, shape in enumerate(filtered):
        if shape is None:
            continue
        if not shape:
            it.refuse_shape(f"filters {it.called(slot)}, a single value, without axes", slot)
        elif differ(number, shape[0]):
            fit = False
            it.refuse_shape(
                f"filters {it.called(slot)}, which is {shape_text(shape)}, beside "
                f"{it.called(told_by)}, which is {shape_text(it.bottom(told_by))}: "
                "the first axis must be as long in all",
                slot,
            )
        elif number is None:
            number, told_by = shape[0], slot
    # As at set-up: when it runs, the first axis counts what was selected.
    made: list[Shape] = [
        (number if fit else None, *shape[1:]) if shape else None for shape in filtered
    ]
    return Made(tuple(made))


def _selected(it: Setup, slot: int, selector: Shape) -> Dim:
    """How many items the last bottom of a Filter tells to keep or drop."""
    if selector is None:
        return None
    fits = bool(selector) and not any(differ(dim, 1) for dim in selector[1:])
    if not fits or 0 in selector:
        must = (
            "have values" if fits else "be one value for each item, all axes but the first being 1"
        )
        it.refuse_shape(
            f"selects by {it.called(slot)}, which is {shape_text(selector)}: it must {must}", slot
        )
        return None
    return selector[0]


RULES: Mapping[str, Rule] = {"Concat": _concat, "Eltwise": _eltwise, "Filter": _filter}
