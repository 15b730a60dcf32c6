"""Nets in Graphviz's language DOT (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protofix.reports.show.details import FAMILIES
from protofix.reports.show.drawing import ALWAYS, COLOURS, MEANING, SOME, TEST, TRAIN, Box, Drawing

# How boxes and edges are drawn that are not in all states.
_WHEN = {
    ALWAYS: {},
    TRAIN: {"color": COLOURS[TRAIN], "style": "dashed", "penwidth": "2"},
    TEST: {"color": COLOURS[TEST], "style": "dotted", "penwidth": "2"},
    SOME: {"color": COLOURS[SOME], "style": "dashed", "penwidth": "2"},
}


def dot(drawings: Sequence[Drawing]) -> str:
    """Describe nets for Graphviz: a digraph, with a cluster for each group and for the legend."""
    lines = ["digraph net {"]
    title = "\n".join(f"{it.title}\nstates: {' | '.join(it.states)}" for it in drawings)
    # Without newrank, boxes of clusters may come to stand above what leads to them.
    page = {"label": title, "labelloc": "t", "fontname": "Helvetica", "newrank": "true"}
    lines += [
        f"  graph [{_attributes(page)}]",
        '  node [shape="box", style="filled,rounded", fontname="Helvetica", fontsize="11"]',
        '  edge [fontname="Helvetica", fontsize="9", color="#57606a"]',
    ]
    for number, drawing in enumerate(drawings):
        lines += _net(f"n{number}_", drawing)
    lines += _legend(drawings)
    return "\n".join([*lines, "}", ""])


def _net(prefix: str, drawing: Drawing) -> Iterator[str]:
    for group, members in enumerate(drawing.members()):
        name = drawing.groups[group]
        yield f"  subgraph {_quoted(f'cluster_{prefix}{group}')} {{"
        attributes = {"label": name, "style": "rounded,filled", "fillcolor": "#f6f8fa"}
        yield f"    graph [{_attributes({**attributes, 'color': '#c4cad2'})}]"
        for number in members:
            yield f"    {_box(prefix, number, drawing.boxes[number])}"
        yield "  }"
    for number, box in enumerate(drawing.boxes):
        if box.group is None:
            yield f"  {_box(prefix, number, box)}"
    for edge in drawing.edges:
        ends = f"{_quoted(f'{prefix}{edge.source}')} -> {_quoted(f'{prefix}{edge.target}')}"
        yield f"  {ends} [{_attributes({'tooltip': ', '.join(edge.blobs), **_WHEN[edge.when]})}]"


def _box(prefix: str, number: int, box: Box) -> str:
    lines = [box.title, *box.lines, *([box.tag] if box.tag else [])]
    when = dict(_WHEN[box.when])
    strokes = when.pop("style", "")
    attributes = {
        "label": "\n".join(lines),
        "fillcolor": box.family.fill,
        "color": box.family.border,
        "style": ",".join(filter(None, ("filled", "rounded", strokes))),
        **when,
    }
    if box.ends:
        attributes["penwidth"] = "3"
    return f"{_quoted(f'{prefix}{number}')} [{_attributes(attributes)}]"


def _legend(drawings: Sequence[Drawing]) -> Iterator[str]:
    boxes = [box for drawing in drawings for box in drawing.boxes]
    families = {box.family for box in boxes}
    there = {box.when for box in boxes}
    there |= {edge.when for drawing in drawings for edge in drawing.edges}
    samples = [
        {"label": family.title, "fillcolor": family.fill, "color": family.border}
        for family in FAMILIES
        if family in families
    ]
    for when, meaning in MEANING.items():
        if when in there:
            look = _WHEN[when]
            style = f"filled,rounded,{look['style']}"
            samples.append({"label": meaning, "fillcolor": "white", **look, "style": style})
    if any(box.ends for box in boxes):
        samples.append({"label": "loss or output", "fillcolor": "white", "penwidth": "3"})
    yield '  subgraph "cluster_legend" {'
    yield f"    graph [{_attributes({'label': 'legend', 'color': '#c4cad2'})}]"
    for number, sample in enumerate(samples):
        yield f"    {_quoted(f'legend{number}')} [{_attributes(sample)}]"
    for number in range(1, len(samples)):
        ends = f"{_quoted(f'legend{number - 1}')} -> {_quoted(f'legend{number}')}"
        yield f'    {ends} [style="invis"]'
    yield "  }"


def _attributes(values: dict[str, str]) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(text: str) -> str:
    r"""A text in quotes; a backslash would begin an escape such as \N, which is the node's name.

    Graphviz reads `&lt;` and the like as HTML does.
    """
    for special, written in {"&": "&amp;", "\\": "\\\\", '"': '\\"', "\n": "\\n"}.items():
        text = text.replace(special, written)
    return f'"{text}"'
