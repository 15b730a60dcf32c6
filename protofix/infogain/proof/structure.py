"""What is wrong with the structure of a rewritten net: its text, its schema, who reads what.

Both nets are built as Caffe 1.0 does, whose losses the rewrites are of. What it refuses of a fork's
net it refuses of both, and only what is new counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator

from caffe_proto import Schema
from protofix.infogain.chains import Chain, find_chains
from protofix.infogain.plan import Plan
from protofix.net.binding import find_misfits
from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.graph import Graph, Remade, Unmade, Use
from protofix.net.setup import Refusal
from protofix.net.view import NetBuilder, NetView, view_of
from protofix.net.which_caffe import CAFFE_1_0
from protofix.textproto.tree import Document


def structure_problems(before: Document, after: Document, schema: Schema) -> list[str]:
    """What is wrong with a rewritten net that was not wrong with the one it was made of."""
    problems = [_at(after, d.start, d.message) for d in after.diagnoses]
    known = Counter(d.message for d in find_misfits(before, schema, "NetParameter"))
    for found in find_misfits(after, schema, "NetParameter"):
        if known[found.message]:
            known[found.message] -= 1
        else:
            problems.append(_at(after, found.start, found.message))
    old, new = view_of(before), view_of(after)
    remade = {(graph.state, top.name) for graph, (_, top) in _remade(old)}
    problems += [
        f"in {graph.state} `{layer.name}` makes `{top.name}`, which is made already"
        for graph, (layer, top) in _remade(new)
        if (graph.state, top.name) not in remade
    ]
    missing = {(graph.state, unmade.bottom.name) for graph, unmade in _unmade(old)}
    problems += [
        f"in {graph.state} `{unmade.layer.name}` reads `{unmade.bottom.name}`, "
        "which no layer before it makes"
        for graph, unmade in _unmade(new)
        if (graph.state, unmade.bottom.name) not in missing
    ]
    return problems


def _at(document: Document, start: int, message: str) -> str:
    line, column = document.source.position(start)
    return f"{line}:{column}: {message}"


def _unmade(view: NetView) -> Iterator[tuple[Graph, Unmade]]:
    return ((graph, unmade) for graph in view.graphs for unmade in graph.unmade)


def _remade(view: NetView) -> Iterator[tuple[Graph, Remade]]:
    return ((graph, remade) for graph in view.graphs for remade in graph.remade)


def reading_problems(before: Document, fused: Document, plan: Plan) -> list[str]:
    """Where a layer of the fused net reads another layer's work than it should.

    In every state each fused loss must read what its Softmax read, and every other layer what it
    read before. `plan` is what was done to `before` to make `fused`, and nothing else was.
    """
    old, new = view_of(before), view_of(fused)
    gone = {layer.index for layer in plan.goes}
    stayed = [layer for layer in old.net.layers if layer.index not in gone]
    if [layer.name for layer in stayed] != [layer.name for layer in new.net.layers]:
        return ["the fused net has other layers than those that should stay"]
    chains = {chain.loss.index: chain for chain in plan.chains}
    dropped = set(plan.loose_tops)
    old_index = [layer.index for layer in stayed]
    new_graphs = {graph.state: graph for graph in new.graphs}
    problems = []
    for graph in old.graphs:
        after = new_graphs.get(graph.state)
        if after is None:
            continue
        for layer, now in zip(stayed, new.net.layers, strict=True):
            if layer.index not in graph.kept:
                continue
            for slot in range(len(now.bottoms)):
                wanted = graph.source_of(layer, slot)
                chain = chains.get(layer.index) if slot == 0 else None
                if chain is not None:
                    if wanted is None:
                        continue  # Nobody made its probabilities, so nothing says what it meant.
                    softmax = next(s for s in chain.activations if s.index in graph.kept)
                    wanted = graph.source_of(softmax, 0)
                found = after.source_of(now, slot)
                made = found.maker if found else None
                maker = None if made is None else Use(old_index[made.layer], made.slot)
                if maker != _after_drops(wanted.maker if wanted else None, dropped):
                    problems.append(
                        f"in {graph.state} `{now.name}` reads another `{now.bottoms[slot].name}` "
                        "than it should"
                    )
    return problems


def _after_drops(maker: Use | None, dropped: set[Use]) -> Use | None:
    """Where a top stands once tops before it are taken from its layer."""
    if maker is None:
        return None
    before = sum(use.layer == maker.layer and use.slot < maker.slot for use in dropped)
    return Use(maker.layer, maker.slot - before)


def left_over(after: Document, refused: tuple[Chain, ...]) -> list[str]:
    """The chains that a rewrite left although nothing forbade to fuse them."""
    kept = [chain.loss.name for chain in refused]
    found = [chain.loss.name for chain in find_chains(view_of(after))]
    spare = Counter(found) - Counter(kept)
    return [f"the chain of `{name}` is still there" for name in spare.elements()]


def new_refusals(before: Document, after: Document) -> list[str]:
    """What Caffe would refuse of the result and did not refuse before."""
    # The words change with a loss's type, what they are about does not.
    known = Counter(about for about, _ in _refusals(before))
    found = []
    for about, message in _refusals(after):
        known[about] -= 1
        if known[about] < 0:
            found.append(f"in {about[0]} {message}")
    return found


def standing_refusals(before: Document, after: Document, layers: Container[int]) -> list[str]:
    """What Caffe refuses of some layers of the result, and refused before already."""
    view = NetBuilder(after, CAFFE_1_0, files=DataFiles(after.source.path)).view()
    missing = {(graph.state, unmade.bottom.name) for graph, unmade in _unmade(view_of(before))}
    known = {about for about, _ in _refusals(before)}
    return [
        f"in {graph.state} `{unmade.layer.name}` reads `{unmade.bottom.name}`, which no layer "
        "makes, as before"
        for graph, unmade in _unmade(view)
        if unmade.layer.index in layers and (graph.state, unmade.bottom.name) in missing
    ] + [
        f"in {built.graph.state} {refusal.message}, as before"
        for built in view.built
        for refusal in built.refusals
        if refusal.layer.index in layers and _about(built, refusal) in known
    ]


def _refusals(document: Document) -> list[tuple[tuple[str, str, str], str]]:
    return [
        (_about(built, refusal), refusal.message)
        for built in NetBuilder(document, CAFFE_1_0, files=DataFiles(document.source.path))
        .view()
        .built
        for refusal in built.refusals
    ]


def _about(built: Built, refusal: Refusal) -> tuple[str, str, str]:
    """What a refusal is about, whatever its words."""
    return str(built.graph.state), refusal.layer.name, refusal.kind
