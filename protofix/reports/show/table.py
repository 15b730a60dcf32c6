"""Nets as tables: a row a layer, and below what they add up to.

Where a row does not fit the width, what a layer reads and makes stands on a line below it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from protofix.net.names import counted, in_words
from protofix.net.shapes import Dim, Shape, count
from protofix.reports.show.facts import LayerFacts, NetFacts, Param, Sum
from protofix.reports.show.numbers import factor, short_bytes, short_count, short_shape
from protofix.reports.terminal import Line, printable

_GAP = "  "
_LEAST_NAME, _LEAST_FLOW, _MOST_FLOW = 14, 30, 60  # characters
_INDENT = 4
_BACK = "←"
_LETTERS = ("N", "C", "H", "W")
_HEAD = ("layer", "type", "reads → makes", "shape", "params", "memory", "mult-adds", "lr")
_RIGHT = ("params", "memory", "mult-adds")
_STYLES = {"layer": "bold", "type": "cyan", "reads → makes": "", "lr": "dim", "memory": "dim"}


@dataclass(frozen=True)
class _Row:
    """A layer's cells, in the order of `_HEAD`, and whether it needs the way back."""

    cells: tuple[str, ...]
    back: bool


def table(nets: Sequence[NetFacts], width: int, as_built: bool = False) -> Iterator[Line]:
    """The nets of a file, each in each of its states under a title.

    States that show the same have one table. `as_built` shows the layers as Caffe has them, Splits
    and their names included.
    """
    alike: list[tuple[list[NetFacts], list[Line]]] = []
    for facts in nets:
        body = list(_body(facts, width, as_built))
        if alike and _is_same(facts, alike[-1][0][0]) and body == alike[-1][1]:
            alike[-1][0].append(facts)
        else:
            alike.append(([facts], body))
    for number, (every, body) in enumerate(alike):
        if number:
            yield [("", "")]
        yield from _title(every)
        yield from body
    hint = _hint(nets)
    if hint:
        yield [("", "")]
        yield from _wrapped("unknown", hint, width)


def _is_same(one: NetFacts, other: NetFacts) -> bool:
    """Whether two are of one net, and refused alike."""
    return one.built.graph.net is other.built.graph.net and one.refused == other.refused


def _body(facts: NetFacts, width: int, as_built: bool) -> Iterator[Line]:
    if not facts.layers:
        yield [("no layer is kept", "yellow")]
        return
    yield from _layers(facts.built_layers if as_built else facts.layers, width)
    yield [("", "")]
    for line in _totals(facts):
        yield from _wrapped(*line, width)


def _title(alike: Sequence[NetFacts]) -> Iterator[Line]:
    facts = alike[0]
    name = f"{facts.name}, " if facts.name else ""
    states = "; ".join(str(it.state) for it in alike)
    yield [(f"{facts.file}: ", "bold"), (f"{name}{states}", "bold green")]
    if facts.refused:
        lines = [str(line) for line in dict.fromkeys(it.line for it in facts.refused)]
        where = f"line{'' if len(lines) == 1 else 's'} {in_words(lines)}"
        yield [(f"Caffe would refuse it: see {where}", "red")]
    yield [("", "")]


def _layers(layers: Sequence[LayerFacts], width: int) -> Iterator[Line]:
    rows = [_row(layer) for layer in layers]
    columns = [[name, *(row.cells[at] for row in rows)] for at, name in enumerate(_HEAD)]
    widths = [max(map(len, column)) for column in columns]
    mark = 2 if any(row.back for row in rows) else 0
    gaps = len(_GAP) * (len(_HEAD) - 1)
    beside_flow = mark + gaps + sum(widths) - widths[2]
    if beside_flow + min(widths[2], _LEAST_FLOW) <= width:
        widths[2] = min(widths[2], width - beside_flow, _MOST_FLOW)
        yield from _wide(rows, widths, mark)
    else:
        figures = widths[3:]
        room = width - mark - sum(figures) - len(_GAP) * len(figures)
        name_width = max(_LEAST_NAME, min(widths[0], room))
        yield from _narrow(rows, [name_width, *figures], mark, width)


def _wide(rows: list[_Row], widths: list[int], mark: int) -> Iterator[Line]:
    """A row a layer, all in columns."""
    yield _line(_HEAD, _HEAD, widths, " " * mark, "bold")
    for row in rows:
        wrapped = [_wrap(cell, size) for cell, size in zip(row.cells, widths, strict=True)]
        for number, cells in enumerate(zip_longest(*wrapped, fillvalue="")):
            yield _line(_HEAD, cells, widths, _mark(row, mark, number))


def _narrow(rows: list[_Row], widths: list[int], mark: int, width: int) -> Iterator[Line]:
    """A row a layer, and below it its type and what it reads and makes."""
    head = (_HEAD[0], *_HEAD[3:])
    yield _line(head, head, widths, " " * mark, "bold")
    for row in rows:
        name, type, flow, *figures = row.cells
        names = _wrap(name, widths[0])
        for number, part in enumerate(names):
            cells = (part, *(figures if number == 0 else [""] * len(figures)))
            yield _line(head, cells, widths, _mark(row, mark, number))
        indent = mark + _INDENT
        below = _wrap(f"{type}: {flow}" if flow else type, max(width - indent, _LEAST_FLOW))
        for number, part in enumerate(below):
            if number == 0:
                yield [(" " * indent, ""), (type, "cyan"), (part.removeprefix(type), "")]
            else:
                yield [(" " * (indent + 2), ""), (part, "")]


def _mark(row: _Row, width: int, number: int) -> str:
    return (_BACK if row.back and number == 0 else "").ljust(width)


def _line(
    head: Sequence[str], cells: Sequence[str], widths: Sequence[int], mark: str, style: str = ""
) -> Line:
    parts: Line = [(mark, "dim")]
    for at, (name, cell, size) in enumerate(zip(head, cells, widths, strict=True)):
        padded = cell.rjust(size) if name in _RIGHT else cell.ljust(size)
        parts.append((padded + _GAP, style or _STYLES.get(name, "")))
        if at == len(head) - 1:
            parts[-1] = (cell, style or _STYLES.get(name, ""))
    return _stripped(parts)


def _stripped(line: Line) -> Line:
    """A line without blanks at its end."""
    while line and not line[-1][0].rstrip():
        line.pop()
    if line:
        line[-1] = (line[-1][0].rstrip(), line[-1][1])
    return line or [("", "")]


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _wrapped(label: str, text: str, width: int) -> Iterator[Line]:
    indent = 14
    for number, part in enumerate(_wrap(text, max(width - indent, _LEAST_FLOW))):
        yield [((label if number == 0 else "").ljust(indent), "bold"), (part, "")]


def _row(layer: LayerFacts) -> _Row:
    memory = "?" if layer.memory is None else short_bytes(layer.memory) if layer.tops else ""
    work = layer.multiply_adds
    cells = (
        layer.name,
        layer.type or "?",
        _flow(layer),
        short_shape(layer.tops[0].shape) if layer.tops else "",
        _params(layer),
        memory,
        "?" if work is None else short_count(work) if work else "",
        _rates(layer),
    )
    return _Row(tuple(map(printable, cells)), layer.backward)


def _flow(layer: LayerFacts) -> str:
    """What a layer reads and makes: "data → conv1", "conv1 (in place)", "data, label → loss"."""
    tops = []
    for slot, top in enumerate(layer.tops):
        said = [short_shape(top.shape)] if slot else []
        said += ["in place"] if top.in_place else []
        said += [f"loss weight {factor(top.loss_weight)}"] if top.loss_weight else []
        tops.append(f"{top.name} ({', '.join(said)})" if said else top.name)
    bottoms = [*layer.bottoms]
    alone = len(bottoms) == 1 and len(tops) == 1 and layer.tops[0].in_place
    parts = [", ".join(bottoms)] if bottoms and not alone else []
    parts += [f"→ {', '.join(tops)}" if not alone else tops[0]] if tops else []
    owners = list(dict.fromkeys(it.owner for it in layer.params or () if it.owner is not None))
    parts += [f"with the parameters of {', '.join(owners)}"] if owners else []
    return " ".join(parts)


def _params(layer: LayerFacts) -> str:
    """Values of a layer's parameters; in brackets those that are another's."""
    if layer.params is None:
        return "?"
    own = [it for it in layer.params if it.owner is None]
    shared = [it for it in layer.params if it.owner is not None]
    parts = [_values(own)] if own else []
    parts += [f"({_values(shared)})"] if shared else []
    return " + ".join(parts)


def _values(params: Sequence[Param]) -> str:
    total: Dim = 0
    for param in params:
        values = count(param.shape)
        total = None if total is None or values is None else total + values
    return "?" if total is None else f"{total:,}"


def _rates(layer: LayerFacts) -> str:
    params = layer.params or ()
    if params and all(it.frozen for it in params):
        return "frozen"
    return ", ".join(factor(it.lr_mult) for it in params)


def _totals(facts: NetFacts) -> Iterator[tuple[str, str]]:
    yield "parameters", _total_params(facts)
    memory = facts.memory
    yield (
        "memory",
        f"{_at_least(memory)}{short_bytes(memory.known)} for data ({memory.known:,} bytes, as "
        f"Caffe's log counts them){_lacks(memory)}",
    )
    work = facts.multiply_adds
    yield (
        "multiply-adds",
        f"{_at_least(work)}{short_count(work.known)} in a forward pass"
        f"{_for_each(facts, work)}{_lacks(work)}",
    )
    losses = [f"{blob} × {factor(weight)}" for blob, _, weight in facts.losses]
    yield "losses", printable(", ".join(losses)) or "none"
    yield "outputs", printable(", ".join(facts.as_built.outputs)) or "none"
    needed = sum(layer.backward for layer in facts.layers)
    of = counted(len(facts.layers), "layer")
    yield "backward", f"{needed} of {of}, marked {_BACK}" if needed else "needed by no layer"


def _total_params(facts: NetFacts) -> str:
    learnable, frozen, shared = facts.learnable, facts.frozen, facts.shared
    parts = [f"{_at_least(learnable)}{learnable.known:,} learnable"]
    if learnable.unknown:
        parts[0] += f" ({counted(learnable.unknown, 'parameter')} not known)"
    if frozen.known or frozen.unknown:
        parts.append(f"{_at_least(frozen)}{frozen.known:,} frozen")
    if shared.known or shared.unknown:
        parts.append(f"({_at_least(shared)}{shared.known:,}) shared, counted once")
    return ", ".join(parts)


def _at_least(sum_: Sum) -> str:
    return "at least " if sum_.unknown else ""


def _lacks(sum_: Sum) -> str:
    return f"; {counted(sum_.unknown, 'layer')} not known" if sum_.unknown else ""


def _for_each(facts: NetFacts, work: Sum) -> str:
    """The multiply-adds of each element of a batch, where the first blob says how many it has."""
    first = next((layer.tops[0] for layer in facts.layers if layer.tops), None)
    if first is None or not first.shape or work.unknown:
        return ""
    batch = first.shape[0]
    if batch is None or batch < 2:
        return ""
    return (
        f", {short_count(work.known // batch)} for each of the {batch} in {printable(first.name)}"
    )


def _hint(every: Sequence[NetFacts]) -> str:
    """How to give the shapes that nothing tells."""
    wanted: dict[str, Shape] = {}
    for facts in every:
        for blob, shape in facts.wanted():
            wanted.setdefault(blob, shape)
    if not wanted:
        return ""
    options = " ".join(f"--given {printable(blob)}={_dims(it)}" for blob, it in wanted.items())
    return f"? stands for what the file does not tell; say it: {options}"


def _dims(shape: Shape) -> str:
    """A shape to be filled in: letters stand for what is not known."""
    dims = (None,) * len(_LETTERS) if shape is None else shape
    letters = _LETTERS if len(dims) == len(_LETTERS) else [f"D{i}" for i in range(len(dims))]
    filled = zip(dims, letters, strict=True)
    return ",".join(letter if dim is None else str(dim) for dim, letter in filled)
