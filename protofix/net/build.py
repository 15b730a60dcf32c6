"""Building a net in one state as Caffe does: every shape, every parameter, and every refusal.

The layers are set up in their order, each by the rule of its type
(`protofix.net.layer_types`), after the checks that Caffe makes of every layer (Caffe 1.0, Net::Init
and Layer::SetUp). A layer that
would be refused leaves unknown shapes behind, so that all mistakes are found in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from caffe_proto import V0_TYPES, LayerFacts
from protofix.net.data_files import DataFiles
from protofix.net.graph import Graph, has_loss_weight
from protofix.net.held import as_held
from protofix.net.layer_types.registry import facts_of, rule_of, tops_built, weighs_by_default
from protofix.net.layers import PADDING, Layer, Net
from protofix.net.names import counted, nearest_type
from protofix.net.padding import check_padding, folded_into
from protofix.net.parameters import phase_of, written_params
from protofix.net.setup import Made, Refusal, Setup
from protofix.net.shapes import (
    Shape,
    Shapes,
    is_known,
    is_possible,
    merged,
)
from protofix.net.sharing import shared_refusals
from protofix.net.third_bottom import meant_by_third_bottom
from protofix.net.which_caffe import WhichCaffe
from protofix.textproto.literals import clip
from protofix.textproto.tree import scalars_named

_DIMS = 4  # of an input that `input_dim` tells the shape of


@dataclass(frozen=True, eq=False)
class Built:
    """A net in one state: shapes by the versions' numbers, parameters by the layers' indices.

    The parameters are None where a type does not tell how many there are.
    """

    graph: Graph
    shapes: dict[int, Shape]
    params: dict[int, Shapes | None]
    refusals: tuple[Refusal, ...]
    swapped: frozenset[int] = frozenset()
    """Indices of the layers all of whose tops were given: Caffe would have an Input there."""
    unexplained: frozenset[int] = frozenset()
    """Those of layers of which nothing is known that their types tell, as `WhichCaffe` has it."""

    def bottoms_of(self, layer: Layer) -> Shapes:
        """The shapes that a layer reads."""
        return _bottoms(self.graph, layer, self.shapes)

    def tops_of(self, layer: Layer) -> Shapes:
        """The shapes that a layer makes."""
        results = (self.graph.result_of(layer, slot) for slot in range(len(layer.tops)))
        return tuple(None if it is None else self.shapes.get(it.number) for it in results)


def build(
    graph: Graph,
    caffe: WhichCaffe,
    given: Mapping[str, Shape] | None = None,
    files: DataFiles | None = None,
) -> Built:
    """Set up every layer of a net in a state, as that Caffe does.

    `given` tells the shapes of blobs by name, which a prototxt does not: those of layers without
    bottoms, and of others (Python layers) where nothing else is known. `files` reads the shapes
    from the data layers' sources.
    """
    given = given or {}
    shapes: dict[int, Shape] = _inputs(graph, given)
    params: dict[int, Shapes | None] = {}
    refusals: list[Refusal] = []
    swapped: set[int] = set()
    layers = graph.layers if caffe.unexplained else ()
    unexplained = frozenset(it.index for it in layers if it.node.start in caffe.unexplained)
    for layer in graph.layers:
        padding = folded_into(graph, layer)
        bottoms = _bottoms(graph, padding or layer, shapes)
        phase = phase_of(layer) or graph.state.phase
        setup = Setup(layer, phase, bottoms, files, caffe.dialect, padding)
        if not layer.bottoms and layer.tops and all(top.name in given for top in layer.tops):
            swapped.add(layer.index)
            made = Made(tuple(given[top.name] for top in layer.tops))
            _check_propagate_down(setup)
            _check_loss_weights(setup, graph)
            _check_params(setup, made)
        else:
            made = _set_up(setup, graph, given, layer.index in unexplained)
        refusals += setup.refusals
        params[layer.index] = made.params
        for slot in range(len(layer.tops)):
            result = graph.result_of(layer, slot)
            assert result is not None
            shapes[result.number] = made.tops[slot] if slot < len(made.tops) else None
    refusals += shared_refusals(graph, params)
    return Built(graph, shapes, params, tuple(refusals), frozenset(swapped), unexplained)


def _bottoms(graph: Graph, layer: Layer, shapes: Mapping[int, Shape]) -> Shapes:
    """The shapes that a layer reads, of those known so far by the versions' numbers."""
    sources = (graph.source_of(layer, slot) for slot in range(len(layer.bottoms)))
    return tuple(None if it is None else shapes.get(it.number) for it in sources)


def _inputs(graph: Graph, given: Mapping[str, Shape]) -> dict[int, Shape]:
    """The shapes of a net's `input` fields, by the numbers of their versions."""
    written = graph.net.input_shapes
    shapes: dict[int, Shape] = {}
    for version in graph.versions:
        if version.maker is None:
            shape = written[version.number] if version.number < len(written) else None
            # What no blob can be is said by a rule of its own.
            whole = graph.net.has_input_shapes or shape is None or len(shape) == _DIMS
            known = shape is not None and whole and is_possible(shape)
            shapes[version.number] = given.get(version.blob, shape if known else None)
    return shapes


def _set_up(setup: Setup, graph: Graph, given: Mapping[str, Shape], unexplained: bool) -> Made:
    """Set up one layer, with the checks that Caffe makes of all.

    Of an `unexplained` one nothing is known that its type tells.
    """
    layer = setup.layer
    _check_propagate_down(setup)
    _check_type(setup, graph.net)
    check_padding(setup, graph)
    if unexplained:
        return Made(_with_given(setup, setup.unknown(None), given), None)
    _check_loss_weights(setup, graph)
    _check_copies(setup, graph)
    facts = facts_of(layer, setup.dialect)
    rule = rule_of(layer.type)
    if facts is not None and not _counts_fit(setup, facts):
        made = setup.unknown(None)
    elif rule is None:
        # Of a type that is not known here, not even the number of parameters is.
        made = setup.unknown(None)
    else:
        own = Setup(layer, setup.phase, setup.bottoms, setup.files, setup.dialect, setup.padding)
        made = rule(own)
        builds = all(refusal.kind == "first-pass" for refusal in own.refusals)
        if builds and layer.type != PADDING:
            made = as_held(own, made)
        setup.refusals.extend(own.refusals)
    made = Made(_with_given(setup, made, given), made.params)
    _check_params(setup, made)
    return made


def _says_no_type(layer: Layer) -> bool:
    """Whether a type is written that is none, as the first of the V1 format's is."""
    return not layer.type or (layer.format == 1 and layer.type == "NONE")


def _check_type(setup: Setup, net: Net) -> None:
    """What is no type at all; one that the dialect does not have is said by the schema check."""
    written = scalars_named(setup.layer.fields, "type")
    if setup.layer.format == 1 and net.is_v0:
        setup.refuse(
            "is in the V1 format among layers of the V0 format, and Caffe drops what it says: "
            "write all in one format"
        )
    elif not written or _says_no_type(setup.layer):
        setup.refuse(
            'has no type: say which layer it is, by type: "ReLU", say',
            written[-1] if written else None,
        )
    elif setup.layer.format == 0 and written[-1].value not in (*V0_TYPES, PADDING):
        name = written[-1].value
        meant = nearest_type(name, sorted(V0_TYPES))
        hint = f": did you mean `{meant}`?" if meant else ""
        setup.refuse(f"has type `{clip(name)}`, which is none of the V0 format{hint}", written[-1])


def _check_copies(setup: Setup, graph: Graph) -> None:
    """An Input without a shape is built, but its blob, which has no values, cannot be copied."""
    layer = setup.layer
    if layer.type != "Input" or setup.values("input_param").has("shape"):
        return
    for slot, top in enumerate(layer.tops):
        result = graph.result_of(layer, slot)
        if result is not None and len(result.readers) > 1:
            setup.refuse_shape(
                f"has no shape, and `{top.name}` is read {len(result.readers)} times, for which "
                "Caffe copies it: write input_param { shape { dim: ... } }",
                top,
            )


def _with_given(setup: Setup, made: Made, given: Mapping[str, Shape]) -> Shapes:
    """The shapes of the tops, where they are not known those that a person gave."""
    found: list[Shape] = []
    for slot, top in enumerate(setup.layer.tops):
        shape = made.tops[slot] if slot < len(made.tops) else None
        told = given.get(top.name)
        if told is not None and not is_known(shape):
            shape = told if not setup.layer.bottoms else merged(shape, told)
        found.append(shape)
    return tuple(found)


def _counts_fit(setup: Setup, facts: LayerFacts) -> bool:
    """Whether a layer has as many bottoms and tops as its type takes; what does not fit is said."""
    layer = setup.layer
    bottoms, tops = len(layer.bottoms), tops_built(layer, facts)
    fit = True
    bounds = (facts.bottom_exact, facts.bottom_min, facts.bottom_max)
    if _outside(bottoms, *bounds):
        fit = False
        extra = facts.bottom_exact if facts.bottom_exact is not None else facts.bottom_max
        at = layer.bottoms[extra] if extra is not None and bottoms > extra else None
        said = f"has {counted(bottoms, 'bottom', none='no')}; a layer of type {layer.type} reads "
        said += _many(*bounds, "bottom") + meant_by_third_bottom(setup)
        setup.refuse(said, at, "blob-count")
    bounds = (facts.top_exact, facts.top_min, facts.top_max)
    if _outside(tops, *bounds):
        fit = False
        extra = facts.top_exact if facts.top_exact is not None else facts.top_max
        at = layer.tops[extra] if extra is not None and tops > extra else None
        said = f"has {counted(tops, 'top', none='no')}; a layer of type {layer.type} makes "
        said += _many(*bounds, "top")
        setup.refuse(said, at, "blob-count")
    if facts.bottom_equals_top and bottoms != tops and fit:
        fit = False
        setup.refuse(
            f"has {counted(bottoms, 'bottom', none='no')} and {counted(tops, 'top', none='no')}; a "
            f"layer of type {layer.type} makes one top of each bottom",
            None,
            "blob-count",
        )
    return fit


def _outside(count: int, exact: int | None, least: int | None, most: int | None) -> bool:
    if exact is not None and count != exact:
        return True
    return (least is not None and count < least) or (most is not None and count > most)


def _many(exact: int | None, least: int | None, most: int | None, noun: str) -> str:
    """A count of blobs in words: "2 bottoms", "1 to 2 tops", "at least 1 top"."""
    if exact is None and least == most:
        exact = least
    if exact is not None:
        return counted(exact, noun, none="no")
    if least is not None and most is not None:
        return f"{least} {'or' if most == least + 1 else 'to'} {most} {noun}s"
    if least is not None:
        return f"at least {counted(least, noun)}"
    return f"at most {most} {noun}s"


def _check_propagate_down(setup: Setup) -> None:
    """It is written once a bottom or not at all."""
    layer = setup.layer
    marks = layer.propagate_down
    if marks and len(marks) != len(layer.bottoms):
        setup.refuse(
            f"has {len(marks)} propagate_down and "
            f"{counted(len(layer.bottoms), 'bottom', none='no')}: write it once for "
            "each bottom, or not at all",
            marks[-1],
            "marks",
        )


def _check_loss_weights(setup: Setup, graph: Graph) -> None:
    """They are written once a top or not at all."""
    layer = setup.layer
    tops = tops_built(layer, facts_of(layer))
    if layer.type == "SoftmaxWithLoss" and tops > 1:
        return  # It aborts whatever the weights: its rule says so.
    # A loss that says nothing weighs its first top alone, and then a second is one too many.
    loss = weighs_by_default(layer)
    # One that a Split carries on is taken from the layer, and all others with it.
    results = (graph.result_of(layer, slot) for slot in range(len(layer.tops)))
    carried = any(
        it is not None and it.readers and has_loss_weight(layer, slot)
        for slot, it in enumerate(results)
    )
    weights = (0 if carried else len(layer.loss_weights)) or (1 if loss else 0)
    if weights and weights != tops:
        written = layer.loss_weight_fields
        right = " ".join(["loss_weight: 1", *["loss_weight: 0"] * (tops - 1)])
        setup.refuse(
            f"has {len(written) or 'no'} loss_weight and {counted(tops, 'top')}: "
            + (f"write `{right}`" if loss else "write it once for each top, or not at all"),
            written[-1] if written else layer.tops[-1],
            "loss-weights",
        )


def _check_params(setup: Setup, made: Made) -> None:
    """A layer has no more `param` than it has parameters (Caffe 1.0, Net::Init)."""
    written = written_params(setup.layer)
    if made.params is not None and len(written) > len(made.params):
        number = len(made.params)
        has = counted(number, "parameter", none="no")
        more = len(written) - number
        setup.refuse(
            f"has {len(written)} param, but a layer of type {setup.layer.type} such as this has "
            f"{has}: take the last {f'{more} ' if more > 1 else ''}away",
            written[number],
            "param-count",
        )
