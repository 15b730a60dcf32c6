"""A top that nobody reads, in a net with a loss.

Caffe takes what nobody reads for a result: it prints every value of it whenever it shows how
training goes, and again after each test. That is meant of losses and accuracies. Of a label that
the data layer brings along, of the mask of a Pooling, of a part of a Slice, or of a layer that a
branch was cut off from, it is not, and a layer that leads nowhere costs time and memory and learns
nothing. Take the top or the layer away, or let a Silence layer read it.

Results are not held against a net: losses and what is measured by labels, probabilities (Softmax,
Sigmoid, ArgMax, Threshold), single values, whatever a Python layer makes. Nor is anything against a
net without a loss: it gives out what it was built for.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "code" type: "InnerProduct" bottom: "data" top: "code"
            inner_product_param { num_output: 784 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "code" bottom: "data" top: "loss" }

Right:

    layer { name: "data" type: "Data" top: "data" }
    layer { name: "code" type: "InnerProduct" bottom: "data" top: "code"
            inner_product_param { num_output: 784 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "code" bottom: "data" top: "loss" }

Right:

    layer { name: "data" type: "ImageData" top: "data" top: "label" }
    layer { name: "silence" type: "Silence" bottom: "label" }
    layer { name: "code" type: "InnerProduct" bottom: "data" top: "code"
            inner_product_param { num_output: 784 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "code" bottom: "data" top: "loss" }
"""

from collections.abc import Iterator

from protofix.net.build import Built
from protofix.net.graph import Graph, Version
from protofix.net.layer_types.registry import facts_of
from protofix.net.layers import BlobName, Layer
from protofix.net.names import in_words
from protofix.net.purpose import is_loss, measures
from protofix.net.setup import subject_of
from protofix.net.shapes import count
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF321"
NAME = "unread-top"
SEVERITY = "warning"
RESTS_ON = "data"

# What is given out for people or programs to read, and what only changes its shape.
_RESULTS = {"ArgMax", "DetectionOutput", "Proposal", "Reduction", "Sigmoid", "Softmax", "Threshold"}
_RESHAPED = {"Crop", "Flatten", "Interp", "Permute", "Reshape"}
_ANYTHING = {"Python"}


def _check(view: NetView) -> Iterator[Hit]:
    """Say each top once, with the states in which nobody reads it."""
    read = {bottom.name for layer in view.net.layers for bottom in layer.bottoms}
    unread: dict[tuple[Layer | None, BlobName], list[NetState]] = {}
    for built in view.built:
        graph = built.graph
        if _is_mistaken(built) or not any(map(is_loss, graph.layers)):
            continue
        for version in graph.outputs():
            maker = graph.maker_of(version)
            if maker is None or not maker.bottoms:
                # Data that is read in some state is brought along in the others.
                unmeant = version.blob not in read and _is_plain_data(maker)
            elif maker.include and len(list(view.keeping(maker))) < len(view.built):
                # What is kept for one state is wanted there.
                unmeant = False
            else:
                unmeant = not _is_result(graph, version) and not _is_single(built, version)
            if unmeant:
                slot = 0 if version.maker is None else version.maker.slot
                top = view.net.inputs[version.number] if maker is None else maker.tops[slot]
                unread.setdefault((maker, top), []).append(graph.state)
    yield from _hits(view, unread)


def _is_mistaken(built: Built) -> bool:
    """Whether blobs are read or made that should not be, or the other way round, or do not fit.

    A slip in the name of a bottom leaves the blob that was meant without a reader.
    """
    graph = built.graph
    strange = any(refusal.kind in ("blob-count", "shape") for refusal in built.refusals)
    return bool(graph.unmade or graph.remade or strange)


def _hits(
    view: NetView, unread: dict[tuple[Layer | None, BlobName], list[NetState]]
) -> Iterator[Hit]:
    """Say it of all tops of a layer at once that nobody reads in the same states."""
    gathered: dict[tuple[Layer | None, tuple[NetState, ...]], list[BlobName]] = {}
    for (maker, top), states in unread.items():
        gathered.setdefault((maker, tuple(states)), []).append(top)
    for (maker, with_states), tops in gathered.items():
        if maker is None:
            for top in tops:
                message = f"the net's input `{top.name}` is read by nobody: take it away"
                yield Hit(top.start, top.end, message)
        else:
            yield Hit(tops[0].start, tops[0].end, _message(view, maker, tops, with_states))


def _is_plain_data(maker: Layer | None) -> bool:
    return maker is None or (facts_of(maker) is not None and maker.type not in _ANYTHING)


def _is_result(graph: Graph, version: Version) -> bool:
    maker = graph.maker_of(version)
    while maker is not None and maker.type in _RESHAPED:
        source = graph.source_of(maker, 0)
        maker = graph.maker_of(source) if source is not None else None
    if maker is None:
        return False
    # Of a type that is not known, nobody knows what it makes.
    strange = facts_of(maker) is None or maker.type in _ANYTHING
    return strange or measures(maker) or maker.type in _RESULTS


def _is_single(built: Built, version: Version) -> bool:
    """Whether a blob is one value, or may be: that is for the log."""
    shape = built.shapes.get(version.number)
    return shape is not None and count(shape) == 1


def _message(
    view: NetView, maker: Layer, tops: list[BlobName], states: tuple[NetState, ...]
) -> str:
    where = view.where(maker, states)
    if len(tops) == len(maker.tops):
        away = "keep the layer out of it, or " if where else "take the layer away, or "
    else:
        away = "take it away, or " if _may_lack(maker, len(tops)) else ""
    names = in_words([f"`{top.name}`" for top in tops])
    them = "them" if len(tops) > 1 else "it"
    return (
        f"{subject_of(maker)} makes {names}, which nobody reads{where}: {away}"
        f"let a Silence layer read {them}"
    )


def _may_lack(maker: Layer, tops: int) -> bool:
    """Whether a layer may have so many tops less, and its others stay what they are."""
    facts = facts_of(maker)
    if facts is None or facts.top_exact is not None or maker.type == "Slice":
        return False
    return len(maker.tops) - tops >= (facts.top_min or 0)


check = of_nets(_check)
