"""A bottom that no layer before it makes, in some state of the net.

Caffe stops with "Unknown bottom blob". The usual reasons are a slip in the name, the name of a
layer in place of that of its top, a layer that was copied with its old top, a layer that another
phase or stage keeps, and a loss that a deploy net still has.

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "lable" top: "loss" }

A loss of which the labels are there for TRAIN alone must be there for TRAIN alone, too.

Wrong:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 8 } } }
    layer { name: "y" type: "Python" top: "y" include { phase: TRAIN } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "y" top: "loss" }

Right:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 8 } } }
    layer { name: "y" type: "Python" top: "y" include { phase: TRAIN } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "y" top: "loss"
            include { phase: TRAIN } }
"""

from collections.abc import Iterator
from typing import NamedTuple

from protofix.net.graph import Graph
from protofix.net.layers import BlobName, Layer
from protofix.net.misnamed import Misspelt, Unnamed, called_so, misspelt_top, unnamed
from protofix.net.names import in_words, nearest
from protofix.net.purpose import brings_data, measures
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.layout import append_field, block_of, remove, replace_string, style_of
from protofix.textproto.tree import messages_named

CODE = "PF301"
NAME = "unmade-blob"
SEVERITY = "error"
MEETS = "connecting"

_MOST_HINTS = 50  # each looks at all blobs before

_Missing = dict[tuple[Layer, BlobName], list[Graph]]


def _check(view: NetView) -> Iterator[Hit]:
    """Say each bottom once, with the states in which it is missing."""
    missing: _Missing = {}
    for graph in view.graphs:
        for layer, bottom in graph.unmade:
            if layer.include and layer.exclude:
                continue  # Nobody knows in which states it is meant: PF303 says so.
            missing.setdefault((layer, bottom), []).append(graph)
    if not missing:
        return
    makers = _makers(view)
    misnamed = unnamed(view)
    yield from _unnamed_tops(view, misnamed)
    misspelt = _misspelt(view, missing, makers)
    yield from _misspelt_tops(view, missing, misspelt)
    for number, ((layer, bottom), graphs) in enumerate(missing.items()):
        if called_so(graphs[0], layer, bottom.name) in misnamed:
            continue  # It follows from what is said of that layer.
        if (layer, bottom) in misspelt:
            continue
        near = None
        elsewhere = [it for it in makers.get(bottom.name, []) if it is not layer]
        if not elsewhere and number < _MOST_HINTS:
            made = dict.fromkeys(it for graph in graphs for it in _made_before(graph, layer))
            near = nearest(bottom.name, made)
        why = _why(view, layer, bottom, graphs, makers.get(bottom.name, []), near)
        message = f"{subject_of(layer)} reads `{bottom.name}`, which {why.said}"
        yield Hit(bottom.start, bottom.end, message, why.fix)


def _unnamed_tops(view: NetView, misnamed: dict[Layer, Unnamed]) -> Iterator[Hit]:
    """Say which layers work in place by mistake, as their own names are read below."""
    remade = {layer for graph in view.graphs for layer, _ in graph.remade}
    for layer, reader in misnamed.values():
        if layer in remade:
            continue  # Caffe stops there already: PF302 says so.
        [top] = layer.tops
        edit = replace_string(view.net.document, top, layer.name)
        fix = Fix(f"name the top `{layer.name}`", (edit,), safe=False)
        message = (
            f"`{layer.name}` makes `{top.name}`, which it reads, and {subject_of(reader)} reads "
            f"`{layer.name}`, which no layer makes: name the top of `{layer.name}` so"
        )
        yield Hit(top.start, top.end, message, fix)


def _misspelt(
    view: NetView, missing: _Missing, makers: dict[str, list[Layer]]
) -> dict[tuple[Layer, BlobName], Misspelt]:
    """The tops that were meant by what another phase or stage makes, by what lacks them."""
    found: dict[tuple[Layer, BlobName], Misspelt] = {}
    for (layer, bottom), graphs in list(missing.items())[:_MOST_HINTS]:
        if any(it is not layer for it in makers.get(bottom.name, [])):
            meant = misspelt_top(view, bottom.name, graphs)
            if meant is not None and meant.layer.index < layer.index:
                found[layer, bottom] = meant
    return found


def _misspelt_tops(
    view: NetView, missing: _Missing, misspelt: dict[tuple[Layer, BlobName], Misspelt]
) -> Iterator[Hit]:
    """Say each misspelt top once, with all that read what was meant."""
    readers: dict[Misspelt, list[tuple[Layer, BlobName]]] = {}
    for reader, meant in misspelt.items():
        readers.setdefault(meant, []).append(reader)
    for meant, reading in readers.items():
        layer, top, blob = meant
        named = in_words(list(dict.fromkeys(subject_of(reader) for reader, _ in reading)))
        states = [graph.state for graph in missing[reading[0]]]
        where = view.in_words(reading[0][0], states)
        verb = "reads" if len(reading) == 1 else "read"
        message = (
            f"{subject_of(layer)} makes `{top.name}`, which nobody reads, and {named} {verb} "
            f"`{blob}`, which nothing makes in {where}: did you mean `{blob}`?"
        )
        edit = replace_string(view.net.document, top, blob)
        fix = Fix(f"name the top `{blob}`", (edit,), safe=False)
        yield Hit(top.start, top.end, message, fix)


class _Why(NamedTuple):
    said: str
    fix: Fix | None = None


def _makers(view: NetView) -> dict[str, list[Layer]]:
    makers: dict[str, list[Layer]] = {}
    for layer in view.net.layers:
        for top in layer.tops:
            makers.setdefault(top.name, []).append(layer)
    return makers


def _why(
    view: NetView,
    layer: Layer,
    bottom: BlobName,
    graphs: list[Graph],
    makers: list[Layer],
    near: str | None,
) -> _Why:
    states = [graph.state for graph in graphs]
    dropped = [it for it in makers if it.index not in graphs[0].kept]
    before = [it for it in dropped if it.index < layer.index] or dropped
    if before:
        line, _ = view.net.document.source.position(before[0].node.start)
        where = view.in_words(layer, states)
        called = f"`{before[0].name}`" if before[0].name else "the layer"
        said = f"nothing makes in {where}: {called} of line {line} is not kept there"
        keeping = _kept_alike(view, layer, graphs, makers)
        if keeping is None:
            return _Why(said)
        subject = subject_of(layer)
        fix = Fix(f"keep {subject} where its blob is made", keeping.edits, safe=False)
        return _Why(f"{said}, so that {subject} needs {keeping.rules} too", fix)
    where = view.where(layer, states)
    namesake = called_so(graphs[0], layer, bottom.name)
    if namesake is not None:
        return _of_namesake(view, layer, bottom, graphs, namesake, where)
    if layer in makers and near is None:
        return _Why(f"it makes itself and nothing before it{where}: read a blob that is there")
    if makers and layer not in makers:
        return _Why(f"only {subject_of(makers[0])} makes, further down{where}: move it up")
    if near is None and bottom in layer.bottoms[2:] and _has_file(layer):
        return _Why(f"no layer makes{where}: take it away, and H is read from `source`")
    if near is None:
        return _left_over(view, layer, graphs, f"no layer makes{where}")
    said = f"{'no other layer' if makers else 'no layer'} makes{where}"
    return _slip(view, layer, bottom, graphs, near, said)


def _has_file(layer: Layer) -> bool:
    """Whether a loss has its H from a file as well, were it not for its third bottom."""
    if layer.type != "InfogainLoss":
        return False
    from protofix.infogain.losses import source_of  # Few nets have such a loss.

    return bool(source_of(layer))


def _slip(
    view: NetView, layer: Layer, bottom: BlobName, graphs: list[Graph], near: str, said: str
) -> _Why:
    """Ask whether a blob that is called nearly so was meant."""
    read = any(it.blob == near and it.readers for graph in graphs for it in graph.versions)
    said = (
        f"{said}: {f'did you mean `{near}`?' if read else f'is it `{near}`, which nobody reads?'}"
    )
    fix = _reading(view, layer, bottom, near)
    without = [graph for graph in graphs if near not in _made_before(graph, layer)]
    if not without:
        return _Why(said, fix)
    keeping = _kept_alike(view, layer, without, _makers(view).get(near, []))
    if keeping is None:
        return _Why(said)
    title = f"{fix.title} and keep {subject_of(layer)} where it is made"
    return _Why(
        f"{said} Then {subject_of(layer)} needs {keeping.rules} too",
        Fix(title, (*fix.edits, *keeping.edits), safe=False),
    )


def _of_namesake(
    view: NetView,
    layer: Layer,
    bottom: BlobName,
    graphs: list[Graph],
    namesake: Layer,
    where: str,
) -> _Why:
    """Say that a bottom names a layer, and what that makes."""
    tops = [top.name for top in namesake.tops]
    are = "top is" if len(tops) == 1 else "tops are"
    called = in_words([f"`{top}`" for top in tops])
    said = f"is the name of a layer, not of a blob{where}: its {are} {called}"
    alike = all(called_so(graph, layer, bottom.name) is namesake for graph in graphs)
    if len(tops) > 1 or not alike:
        return _Why(said)
    return _Why(said, _reading(view, layer, bottom, tops[0]))


def _reading(view: NetView, layer: Layer, bottom: BlobName, blob: str) -> Fix:
    """Read another blob, which a layer that works in place makes then, too."""
    blobs = [bottom, *(top for top in layer.tops if top.name == bottom.name)]
    edits = tuple(replace_string(view.net.document, it, blob) for it in blobs)
    return Fix(f"read `{blob}`", edits, safe=False)


class _Keeping(NamedTuple):
    """The rules by which a layer would be kept where alone its blob is made, in words, as edits."""

    rules: str
    edits: tuple[Edit, ...]


def _kept_alike(
    view: NetView, layer: Layer, graphs: list[Graph], makers: list[Layer]
) -> _Keeping | None:
    """The rules that keep a layer where alone its blob is made, if nobody wants it elsewhere."""
    ruled = all(it.include and not it.exclude and it.format for it in makers)
    free = not layer.include and not layer.exclude and layer.format > 0
    if not ruled or not free or any(_is_read(graph, layer) for graph in graphs):
        return None
    document = view.net.document
    text = document.text
    rules = [rule for it in makers for rule in messages_named(it.node.fields, "include")]
    # What is written alike asks the same.
    told = {" ".join(text[rule.start : rule.end].split()): rule for rule in rules}
    style = style_of(document)
    edits = tuple(
        append_field(document, layer.node, block_of(document, rule), style)
        for rule in told.values()
    )
    return _Keeping(in_words([f"`{rule}`" for rule in told]), edits)


def _left_over(view: NetView, layer: Layer, graphs: list[Graph], said: str) -> _Why:
    """Say that a net for use has no labels, if it is one and a layer compares with labels."""
    fed = not any(brings_data(it) for it in view.net.layers)
    # Where the data is missing too, nothing says that the net is for use.
    lacks = all(_is_label(*it) for graph in graphs for it in graph.unmade)
    if not lacks or not fed or any(_is_read(graph, layer) for graph in graphs):
        return _Why(said)
    edit = remove(view.net.document, layer.node).edit
    fix = Fix(f"take {subject_of(layer)} away", (edit,), safe=False)
    return _Why(f"{said}: a net for use has no labels, so take {subject_of(layer)} away", fix)


def _is_label(layer: Layer, bottom: BlobName) -> bool:
    """Whether a layer compares with a bottom, rather than measures it."""
    return measures(layer) and bottom in layer.bottoms[1:]


def _is_read(graph: Graph, layer: Layer) -> bool:
    """Whether anything reads what a layer makes."""
    results = (graph.result_of(layer, slot) for slot in range(len(layer.tops)))
    return any(result is not None and result.readers for result in results)


def _made_before(graph: Graph, layer: Layer) -> list[str]:
    """The blobs that a layer could read, each once."""
    inputs = [blob.name for blob in graph.net.inputs]
    tops = [top.name for it in graph.layers if it.index < layer.index for top in it.tops]
    return list(dict.fromkeys(inputs + tops))


check = of_nets(_check)
