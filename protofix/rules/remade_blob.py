"""A top that another layer has made already, without being in place.

Caffe stops with "Top blob produced by multiple sources". Where the layer was meant to work in
place, its bottom must be that blob too; a layer that was copied has to have a top of its own; and
of two data layers for one blob each must say for which phase it is there.

Wrong:

    layer { name: "data" type: "Python" top: "data" }
    layer { name: "relu1" type: "ReLU" bottom: "data" top: "conv1" }
    layer { name: "relu2" type: "ReLU" bottom: "data" top: "conv1" }

Right:

    layer { name: "data" type: "Python" top: "data" }
    layer { name: "relu1" type: "ReLU" bottom: "data" top: "conv1" }
    layer { name: "relu2" type: "ReLU" bottom: "conv1" top: "conv1" }
"""

from collections.abc import Iterator

from protofix.net.graph import Version
from protofix.net.layers import PHASES, BlobName, Layer
from protofix.net.misnamed import Unnamed, unnamed
from protofix.net.setup import subject_of
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.renaming import call_after_layer
from protofix.textproto.layout import Block, append_field, replace_string, style_of
from protofix.textproto.tree import Document

CODE = "PF302"
NAME = "remade-blob"
SEVERITY = "error"

# What people write in place.
_IN_PLACE = {"BatchNorm", "Dropout", "ELU", "PReLU", "ReLU", "Scale", "Sigmoid", "TanH"}


def _check(view: NetView) -> Iterator[Hit]:
    """Say each top once, with the states in which it is made twice."""
    remade: dict[tuple[Layer, BlobName], list[NetState]] = {}
    for graph in view.graphs:
        # One that cannot read its blob, cannot work in place on it either.
        lost = {layer for layer, _ in graph.unmade}
        for layer, top in graph.remade:
            if layer in lost:
                continue
            remade.setdefault((layer, top), []).append(graph.state)
    said: list[Layer] = []
    missed = unnamed(view) if remade else {}
    for (layer, top), states in remade.items():
        where = view.where(layer, states)
        makers = [
            other
            for other in view.net.layers[: layer.index]
            if any(blob.name == top.name for blob in other.tops)
        ]
        if any(it.include and it.exclude for it in (layer, *makers)):
            continue  # Nobody knows in which states it is meant: PF303 says so.
        if [blob.name for blob in layer.tops].count(top.name) > 1:
            message = (
                f"{subject_of(layer)} gives two of its tops the name `{top.name}`{where}: give "
                "each its own"
            )
            yield Hit(top.start, top.end, message)
            continue
        if not layer.bottoms and layer in said:
            continue  # Both layers bring data: one is too many, whatever they bring.
        said.append(layer)
        right, fix = _meant(view, layer, top, makers, missed.get(layer))
        maker = f"`{makers[0].name}`" if makers else "the net's input"
        message = (
            f"{subject_of(layer)} makes `{top.name}`, which {maker} has made already{where}: "
            f"{right}"
        )
        yield Hit(top.start, top.end, message, fix)


def _meant(
    view: NetView, layer: Layer, top: BlobName, makers: list[Layer], missed: Unnamed | None
) -> tuple[str, Fix | None]:
    """What was meant by a second maker of a blob, in words, and what mends it."""
    document = view.net.document
    if makers and not layer.bottoms and not makers[0].bottoms:
        said = "give each `include` rules, such as `include { phase: TRAIN }`"
        return said, _phases(document, makers, layer)
    if missed is not None:
        edit = replace_string(document, top, layer.name)
        said = f"name it `{layer.name}`, which {subject_of(missed.reader)} reads"
        return said, Fix(f"name the top `{layer.name}`", (edit,), safe=False)
    if _works_in_place(view, layer, top):
        bottom = layer.bottoms[0]
        edit = replace_string(document, bottom, top.name)
        said = f"to work in place it must read `{top.name}`, not `{bottom.name}`"
        return said, Fix(f"read `{top.name}`", (edit,), safe=False)
    if len(layer.tops) == 1 and _follows(view, layer, top):
        # What reads the blob below is meant to go on from here.
        said = "give it another name, here and where it is read below"
        return said, call_after_layer(view, layer, top)
    if layer.name and layer.name not in view.net.blobs and len(layer.tops) == 1:
        edit = replace_string(document, top, layer.name)
        said = f"give it another name, `{layer.name}` say"
        return said, Fix(f"name the top `{layer.name}`", (edit,), safe=False)
    return "give it another name, or read it to work in place", None


def _works_in_place(view: NetView, layer: Layer, top: BlobName) -> bool:
    """Whether a layer can work in place on the blob that it makes, which nobody else reads."""
    if layer.type not in _IN_PLACE or len(layer.bottoms) != 1 or len(layer.tops) != 1:
        return False
    for graph in view.graphs:
        before = [
            version
            for version in graph.versions
            if version.blob == top.name and (version.maker is None or _is_before(version, layer))
        ]
        if not before or before[-1].readers:
            return False
    return True


def _follows(view: NetView, layer: Layer, top: BlobName) -> bool:
    """Whether a layer makes its blob from what had that name before, by way of other layers."""
    graph, _ = next(view.keeping(layer))
    behind, seen = [layer], {layer}
    while behind:
        one = behind.pop()
        for slot in range(len(one.bottoms)):
            source = graph.source_of(one, slot)
            if source is None:
                continue
            if source.blob == top.name:
                return True
            maker = graph.maker_of(source)
            if maker is not None and maker not in seen:
                seen.add(maker)
                behind.append(maker)
    return False


def _is_before(version: Version, layer: Layer) -> bool:
    return version.maker is not None and version.maker.layer < layer.index


def _phases(document: Document, makers: list[Layer], layer: Layer) -> Fix | None:
    """Keep the first of two layers for TRAIN and the other for TEST, if no rule says otherwise."""
    layers = [*makers, layer]
    if len(layers) > 2 or any(it.include or it.exclude or not it.format for it in layers):
        return None
    style = style_of(document)
    edits = tuple(
        append_field(document, it.node, Block("include", (Block("phase", phase),)), style)
        for it, phase in zip(layers, PHASES, strict=True)
    )
    return Fix("keep the first for TRAIN and the other for TEST", edits, safe=False)


check = of_nets(_check)
