"""What a blob can hold: how many axes and values, and what one without values is good for."""

from __future__ import annotations

from caffe_proto import named_dialects
from protofix.net.graph import has_loss_weight
from protofix.net.layers import BlobName
from protofix.net.setup import Made, Setup
from protofix.net.shapes import (
    MOST_AXES,
    MOST_VALUES,
    Shape,
    known_count,
    shape_text,
    values_text,
)

# They share a batch among as many GPUs as there are (NVIDIA/caffe, P2PSync::divide_batch_size).
_SHARE_BATCHES = named_dialects("nvidia015", "nvidia")


def as_held(setup: Setup, made: Made) -> Made:
    """Refuse what no blob can hold (Caffe 1.0, Blob::Reshape)."""
    tops = []
    emptied: list[BlobName] = []
    for slot, shape in enumerate(made.tops):
        top = setup.layer.tops[slot] if slot < len(setup.layer.tops) else None
        name = f"`{top.name}`" if top else "a blob"
        values = known_count(shape)
        if shape is not None and len(shape) > MOST_AXES:
            setup.refuse_shape(f"makes {name} with {len(shape)} axes; Caffe takes {MOST_AXES}", top)
            shape = None
        elif (
            values is not None and values > MOST_VALUES and not _is_shared_among_gpus(setup, shape)
        ):
            setup.refuse_shape(
                f"makes {name} of {shape_text(shape)}, {values_text(values)} values, which is more "
                "than Caffe has room for in a blob",
                top,
            )
            shape = (None,) * len(shape or ())
        elif values == 0 and has_loss_weight(setup.layer, slot):
            setup.refuse_shape(f"has a loss_weight for {name}, which is without values", top)
        elif values == 0 and top is not None and not setup.layer.works_in_place(slot):
            emptied.append(top)
        tops.append(shape)
    if emptied:
        _check_emptied(setup, made, emptied[0])
    for shape in made.params or ():
        values = known_count(shape)
        if values is not None and values > MOST_VALUES:
            setup.refuse_shape(
                f"would have a parameter of {shape_text(shape)}, {values_text(values)} "
                "values, which is more than Caffe has room for in a blob"
            )
    return Made(tuple(tops), made.params)


def _check_emptied(setup: Setup, made: Made, top: BlobName) -> None:
    """Refuse to make `top`, which is without values and so without memory to run on.

    It is said where values are lost, not of all that follows. An Input may be meant to get its
    shape from a program before the net first runs.
    """
    if setup.layer.type == "Input" or any(known_count(shape) == 0 for shape in setup.bottoms):
        return
    shape = made.tops[setup.layer.tops.index(top)]
    said = f"makes `{top.name}` of {shape_text(shape)}, without values"
    if made.emptied is None:
        setup.refuse_later(said, top)
    else:
        setup.refuse_later(f"{said}: {made.emptied.why}", made.emptied.at or top)


def _is_shared_among_gpus(setup: Setup, shape: Shape) -> bool:
    """Whether a blob may be of a part of a batch, one item of which has room."""
    item = known_count(shape[1:]) if shape else None
    return setup.dialect in _SHARE_BATCHES and item is not None and item <= MOST_VALUES
