"""Labels of which there are not as many as scores want: what to say of them, and what would fit."""

from __future__ import annotations

from protofix.net.setup import Setup
from protofix.net.shapes import MOST_VALUES, Dim, count, known_count, product, shape_text
from protofix.textproto.tree import Node

Dims = tuple[Dim, ...]
"""The dims of a blob of which it is known how many axes it has."""


def refuse_labels(it: Setup, param: str, scores: Dims, labels: Dims, at: int) -> None:
    """Refuse labels of which there are not as many as positions in the scores off axis `at`."""
    found = count(labels)
    if found is None:
        reads = f"reads labels in {it.called(1)}, {shape_text(labels)}"
    else:
        reads = f"reads {number_text(found)} label{'' if found == 1 else 's'} in {it.called(1)}"
        # The count of a single axis is its shape.
        reads += f", {shape_text(labels)}" if len(labels) > 1 else ""
    needed = (*scores[:at], *scores[at + 1 :])
    each = "position" if without_ones(needed[1:]) else "item"
    counted = without_ones(needed) or (1,)
    total = product(counted)
    sum_up = f" = {number_text(total)}" if total is not None and len(counted) > 1 else ""
    beside = f" off axis {at}" if at != 1 else ""
    advice, place = _advice(it, param, scores, labels, at)
    it.refuse_shape(
        f"{reads}, where {it.called()}, {shape_text(scores)}, needs one for each {each}{beside}: "
        f"{shape_text(counted)}{sum_up}; {advice}",
        place,
    )


def _advice(
    it: Setup, param: str, scores: Dims, labels: Dims, at: int
) -> tuple[str, Node | int | None]:
    """What would make labels and scores fit, and the place to mend: a field or a bottom."""
    right = f"make {it.called(1)} {label_shape(scores, at)}"
    field = it.values(param).field("axis")
    fitting = _fitting_axis(scores, labels, at)
    if fitting is not None:
        axis = f"{param} {{ axis: {fitting} }}"
        return f"they fit with `{axis}`, the axis that they lack", field or 1
    if at == 0 and len(scores) > 1:
        return "axis 0 is the batch: say which axis has the classes", field or 1
    if labels == scores or (None not in labels and product(labels) == product(scores)):
        return f"a label is the number of its class, not a value for each class: {right}", 1
    score_map, label_map = without_ones(scores[1:at] + scores[at + 1 :]), without_ones(labels[1:])
    if score_map and not label_map:
        return (
            f"{it.called()} is a map of scores: for one label an item, put a fully connected layer "
            f"(InnerProduct) or global pooling in between; for one at each position, {right}",
            0,
        )
    if label_map and not score_map and len(labels) > 2:
        return (
            f"{it.called()} has one set of scores an item: {right}, or, for a label at each "
            "position, score with convolutions, without a fully connected layer",
            1,
        )
    if label_map and not score_map:
        return f"{right}; several labels an item need a Slice layer and a loss each", 1
    if label_map and score_map and None not in score_map:
        return (
            f"the map of scores is {shape_text(score_map)}, that of labels {shape_text(label_map)}"
            f": bring one to the size of the other (Deconvolution, Crop), or {right}",
            1,
        )
    return right, 1


def _fitting_axis(scores: Dims, labels: Dims, at: int) -> int | None:
    """The axis, not the batch's, without which the scores have the shape of the labels."""
    wanted = without_ones(labels)
    for axis in range(1, len(scores)):
        rest = (*scores[:axis], *scores[axis + 1 :])
        other = axis != at and scores[axis] != 1
        if other and None not in rest and without_ones(rest) == wanted:
            return axis
    return None


def label_shape(scores: Dims, at: int) -> str:
    """The shape that labels should have: one class instead of all."""
    return shape_text((*scores[:at], 1, *scores[at + 1 :]))


def without_ones(dims: Dims) -> Dims:
    """The dims that make a blob larger."""
    return tuple(dim for dim in dims if dim != 1)


def products_differ(one: Dims, other: Dims) -> bool:
    """Whether two blobs cannot have as many values, whatever is not known of them."""
    counts = product(one), product(other)
    if counts[0] is None and counts[1] is None:
        return False
    if counts[0] is not None and counts[1] is not None:
        return counts[0] != counts[1]
    whole, part = (counts[0], other) if counts[1] is None else (counts[1], one)
    assert whole is not None
    # What is not known multiplies the rest up to the whole, or cannot.
    rest = known_count(part)
    return whole % rest != 0 if rest else whole != 0


def classes_text(classes: int) -> str:
    """So many classes, in words."""
    return f"{number_text(classes)} class{'' if classes == 1 else 'es'}"


def number_text(number: Dim) -> str:
    """A number that may be unknown, or longer than anybody reads."""
    if number is None:
        return "an unknown number"
    # Python does not write numbers of any length.
    return f"{number:,}" if abs(number) <= MOST_VALUES**2 else "too many"
