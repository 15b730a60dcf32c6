"""One layer set up by itself: what it makes of bottoms of given shapes, and what is refused."""

from __future__ import annotations

from typing import NamedTuple

from protofix.net.build import Shapes, build
from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.states import NetState
from protofix.textproto.reader import read
from protofix.textproto.source import Source


class Outcome(NamedTuple):
    """The shapes of the layer's tops and parameters, and what was said of it."""

    tops: Shapes
    params: Shapes | None
    said: list[str]


def built(layer: str, *bottoms: str | None, tops: int = 1, phase: str = "TEST") -> Outcome:
    """Set up `layer { name: "x" ... }` with bottoms `b0`, `b1`, ... and tops `t0`, `t1`, ...

    A bottom is written "4 3 32 32", "" for a single value, or None for one of unknown shape.
    """
    lines = [_maker(index, shape) for index, shape in enumerate(bottoms)]
    reads = "".join(f' bottom: "b{index}"' for index in range(len(bottoms)))
    makes = "".join(f' top: "t{index}"' for index in range(tops))
    lines.append(f'layer {{ name: "x"{reads}{makes} {layer} }}\n')
    document = read(Source("".join(lines), "net.prototxt"))
    assert not document.diagnoses, document.diagnoses
    it = build(build_graph(bind(document), NetState(phase)))
    last = it.graph.layers[-1]
    said = [refusal.message for refusal in it.refusals if refusal.layer is last]
    return Outcome(it.tops_of(last), it.params[last.index], said)


def _maker(index: int, shape: str | None) -> str:
    if shape is None:  # What a Python layer makes, no prototxt tells.
        return f'layer {{ type: "Python" top: "b{index}" }}\n'
    dims = " ".join(f"dim: {dim}" for dim in shape.split())
    return f'layer {{ type: "Input" top: "b{index}" input_param {{ shape {{ {dims} }} }} }}\n'
