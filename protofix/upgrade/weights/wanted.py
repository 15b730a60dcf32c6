"""The layers of a net as far as weights go: their parameters, and whose parameters they share.

Caffe copies the blobs of a layer of the weights into the parameters of the layer of that name
(Caffe 1.0, Net::CopyTrainedLayersFrom). Parameters of one name are one and the same, so that what
one layer gets all have that share it (Net::AppendParam).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass

from protofix.net.layers import Layer
from protofix.net.parameters import parameter_names
from protofix.net.shapes import Shapes
from protofix.net.states import NetState
from protofix.net.view import NetView

Parameter = tuple[NetState, str | tuple[int, int]]
"""A parameter of a state: by its name, or else by its layer's index and its place there."""


@dataclass(frozen=True)
class Wanted:
    """A layer of the net and, for each state that is meant and has it, what parameters it has.

    `takes` are the states in which it is the first layer of its name: Caffe gives weights to none
    of the others.
    """

    layer: Layer
    parameters: tuple[tuple[NetState, Shapes | None], ...]
    takes: tuple[NetState, ...]

    @property
    def learns(self) -> bool:
        """Whether it has parameters at all, as far as the net tells."""
        return any(shapes for _, shapes in self.parameters)

    def places(self, state: NetState) -> Iterator[Parameter]:
        """Its parameters in a state; of a layer of unknown ones, those that have a name."""
        names = parameter_names(self.layer)
        for shapes in (shapes for its, shapes in self.parameters if its == state):
            for place in range(len(names) if shapes is None else len(shapes)):
                name = names[place] if place < len(names) else ""
                if name or shapes is not None:
                    yield state, name or (self.layer.index, place)

    def lacking(self, filled: Set[Parameter]) -> int:
        """How many of its parameters get nothing from the weights, in the state with the most."""
        known = [state for state, shapes in self.parameters if shapes]
        return max(
            (sum(place not in filled for place in self.places(state)) for state in known), default=0
        )


def wanted_layers(view: NetView) -> list[Wanted]:
    """The layers that some state of a net keeps, in the order of the file."""
    parameters: dict[int, list[tuple[NetState, Shapes | None]]] = {}
    takes: dict[int, list[NetState]] = {}
    for built in view.built:
        seen: set[str] = set()
        state = built.graph.state
        for index, found in built.params.items():
            parameters.setdefault(index, []).append((state, found))
            name = view.net.layers[index].name
            if name not in seen:
                takes.setdefault(index, []).append(state)
            seen.add(name)
    return [
        Wanted(view.net.layers[index], tuple(found), tuple(takes.get(index, ())))
        for index, found in sorted(parameters.items())
    ]


def filled_parameters(wanted: Sequence[Wanted], names: Collection[str]) -> frozenset[Parameter]:
    """The parameters that get values from the weights, whose layers have these names."""
    return frozenset(
        place
        for one in wanted
        if one.layer.name in names
        for state in one.takes
        for place in one.places(state)
    )
