"""Layers of forks that are not known here: neither their types are, nor their own messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from protofix.net.binding import Misfit
from protofix.net.dialects import who_knows
from protofix.net.names import param_of_type, type_of_v1_name
from protofix.textproto.tree import Message, scalars_named

_OF_TYPES = ("unknown-layer-type", "unknown-enum-value")


class OwnLayer(NamedTuple):
    """Where the type of such a layer stands, and its message, and what the message is called.

    Caffe calls one after the other: `flip_param` is that of `Flip`. No slip of the pen is in both.
    """

    type_start: int
    param_start: int
    param: str


def own_layers(misfits: Iterable[Misfit]) -> Iterator[OwnLayer]:
    """Find such layers in what of a text does not fit its dialect."""
    unheard = [(it, it.lacks) for it in misfits if it.lacks is not None and not who_knows(it)]
    types = {misfit.start for misfit, _ in unheard if misfit.kind in _OF_TYPES}
    for misfit, lack in unheard if types else ():
        if lack.within is None or not isinstance(lack.node, Message):
            continue
        for written in scalars_named(lack.within.fields, "type"):
            own = written.start in types and type_of_v1_name(written.value) is None
            if own and param_of_type(written.value, (lack.name,)):
                yield OwnLayer(written.start, misfit.start, lack.name)
