"""One layer set up by itself on bottoms of which some dimensions are not known."""

from __future__ import annotations

from collections.abc import Mapping

from building import Outcome

from protofix.net.build import build
from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.shapes import Shape
from protofix.net.states import NetState
from protofix.textproto.reader import read
from protofix.textproto.source import Source


def partly_built(layer: str, *bottoms: str | None, tops: int = 1) -> Outcome:
    """Set up a layer as `building.built` does; a bottom is written "? 3 227 227" as well."""
    made = "".join(f'layer {{ type: "Python" top: "b{i}" }}\n' for i in range(len(bottoms)))
    reads = "".join(f' bottom: "b{index}"' for index in range(len(bottoms)))
    makes = "".join(f' top: "t{index}"' for index in range(tops))
    given = {
        f"b{index}": tuple(None if dim == "?" else int(dim) for dim in shape.split())
        for index, shape in enumerate(bottoms)
        if shape is not None
    }
    return last_of(f'{made}layer {{ name: "x"{reads}{makes} {layer} }}\n', given)


def last_of(net: str, given: Mapping[str, Shape] | None = None) -> Outcome:
    """The last layer of a net."""
    document = read(Source(net, "net.prototxt"))
    assert not document.diagnoses, document.diagnoses
    it = build(build_graph(bind(document), NetState("TEST")), given)
    last = it.graph.layers[-1]
    said = [refusal.message for refusal in it.refusals if refusal.layer is last]
    return Outcome(it.tops_of(last), it.params[last.index], said)
