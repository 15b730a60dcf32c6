"""One layer set up by itself, and the tests that hold the tables of this folder against it.

A table lists what layers make (`Makes`) or what is refused of them (`Refuses`). `makes` and
`refuses` give the test of such a table, with a case for each row:

    test_what_is_built = makes(BUILT)

Shapes are written "4 3 32 32", with ? for a dimension that is not known, "" for a single value,
and None for a shape of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from caffe_proto import BVLC
from protofix.net.build import Built, build
from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.shapes import Shape
from protofix.net.states import NetState
from protofix.net.which_caffe import WhichCaffe
from protofix.textproto.reader import read
from protofix.textproto.source import Source

Blobs = str | Sequence[str | None] | None
"""The shapes of several blobs, or of one alone."""

Params = Sequence[str | None] | None
"""The shapes of parameters; None where the type does not tell how many there are."""

Makes = tuple[str, Blobs, Blobs] | tuple[str, Blobs, Blobs, Params]
"""A layer, its bottoms, its tops, and its parameters where it has some."""

Refuses = tuple[str, Blobs, str] | tuple[str, Blobs, int, str]
"""A layer, its bottoms, how many tops it has (1 if left out), and a piece of what is said of it."""


class Outcome(NamedTuple):
    """The shapes of the layer's tops and parameters, and what was said of it."""

    tops: tuple[Shape, ...]
    params: tuple[Shape, ...] | None
    said: list[str]


def built(
    layer: str,
    *bottoms: str | None,
    tops: int = 1,
    phase: str = "TEST",
    dialect: str = BVLC,
) -> Outcome:
    """Set up `layer { name: "x" ... }` with bottoms `b0`, `b1`, ... and tops `t0`, `t1`, ..."""
    return built_of_shapes(layer, [shape_of(text) for text in bottoms], tops, phase, dialect)


def built_of_shapes(
    layer: str,
    bottoms: Sequence[Shape],
    tops: int = 1,
    phase: str = "TEST",
    dialect: str = BVLC,
) -> Outcome:
    """Set up a layer as `built` does, of shapes that need not be written."""
    # What a Python layer makes, no prototxt tells.
    makers = [f'layer {{ type: "Python" top: "b{index}" }}\n' for index in range(len(bottoms))]
    reads = "".join(f' bottom: "b{index}"' for index in range(len(bottoms)))
    writes = "".join(f' top: "t{index}"' for index in range(tops))
    net = f'{"".join(makers)}layer {{ name: "x"{reads}{writes} {layer} }}\n'
    known = {f"b{index}": shape for index, shape in enumerate(bottoms) if shape is not None}
    return last_of(built_net(net, phase, known, dialect))


def built_net(
    net: str,
    phase: str = "TEST",
    given: Mapping[str, Shape] | None = None,
    dialect: str = BVLC,
) -> Built:
    """Set up a whole net, in which nothing is misspelt; `given` are blobs' shapes by name."""
    document = read(Source(net, "net.prototxt"))
    assert not document.diagnoses, document.diagnoses
    return build(build_graph(bind(document), NetState(phase)), WhichCaffe(dialect), given)


def last_of(it: Built) -> Outcome:
    """What became of the last layer of a net."""
    last = it.graph.layers[-1]
    said = [refusal.message for refusal in it.refusals if refusal.layer is last]
    return Outcome(it.tops_of(last), it.params[last.index], said)


def makes(
    table: Iterable[Makes], phase: str = "TEST", dialect: str = BVLC
) -> Callable[[Makes], None]:
    """The test that each layer of a table makes what is written there, and nothing is said."""

    @pytest.mark.parametrize("case", table, ids=_title)
    def test(case: Makes) -> None:
        layer, bottoms, tops, params = case if len(case) == 4 else (*case, ())
        found = built(layer, *each(bottoms), tops=len(each(tops)), phase=phase, dialect=dialect)
        wanted = Outcome(shapes_of(tops), None if params is None else shapes_of(params), [])
        assert found == wanted, f"{found}, not {wanted}"

    return test


def refuses(
    table: Iterable[Refuses], phase: str = "TEST", dialect: str = BVLC
) -> Callable[[Refuses], None]:
    """The test that one thing is said of each layer of a table, on a line that begins with it."""

    @pytest.mark.parametrize("case", table, ids=_title)
    def test(case: Refuses) -> None:
        layer, bottoms, tops, piece = case if len(case) == 4 else (*case[:2], 1, case[2])
        said = built(layer, *each(bottoms), tops=tops, phase=phase, dialect=dialect).said
        assert len(said) == 1, said
        assert said[0].startswith("`x` ") and "\n" not in said[0], said
        assert piece in said[0], said

    return test


def refuses_nothing_unknown(table: Iterable[Makes]) -> Callable[[Makes], None]:
    """The test that nothing is said of the layers of a table where no bottom is known."""

    @pytest.mark.parametrize("case", table, ids=_title)
    def test(case: Makes) -> None:
        layer, bottoms, tops = case[:3]
        said = built(layer, *[None] * len(each(bottoms)), tops=len(each(tops))).said
        assert said == [], said

    return test


def shape_of(text: str | None) -> Shape:
    """A shape as the tables write it."""
    if text is None:
        return None
    return tuple(None if dim == "?" else int(dim) for dim in text.split())


def shapes_of(blobs: Blobs) -> tuple[Shape, ...]:
    """The shapes of blobs as the tables write them."""
    return tuple(shape_of(text) for text in each(blobs))


def each(blobs: Blobs) -> Sequence[str | None]:
    """The blobs of a row, one by one."""
    return [blobs] if blobs is None or isinstance(blobs, str) else blobs


def _title(case: tuple[Any, ...]) -> str:
    return f"{case[0]} {case[1]}"[:90]
