"""In which fields the layers differ by which two nets make what their losses read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from caffe_proto import base_schema
from caffe_proto.schema import FieldType, MessageType
from protofix.net.graph import Graph, Version
from protofix.net.layer_types.registry import is_loss_type
from protofix.net.layers import Layer
from protofix.net.values import Values
from protofix.textproto.literals import clip, parse_bool, parse_float, parse_integer
from protofix.textproto.tree import Field, Message, Node, Scalar

_ABOUT_THE_GRAPH = frozenset({"name", "type", "bottom", "top", "include", "exclude", "phase"})
_WEIGHTS = frozenset({"loss_weight"})
_PARAM_NAME = re.compile(r"param\[\d+\]\.name")
_WHOLE = frozenset({"int32", "int64", "uint32", "uint64"})

_Value = float | int | bool | str | bytes


def upstream_differences(
    pairs: Sequence[tuple[Version, Version]], old: Graph, new: Graph
) -> list[str]:
    """What differs in the layers that make pairs of contents, a sentence for each layer's field.

    A layer may have another name, if that is not one of another layer.
    """
    here = {layer.name for layer in new.layers}
    there = {layer.name for layer in old.layers}
    lone = _LoneNames(_shared_names(old), _shared_names(new))
    found: dict[str, None] = {}
    waiting = list(pairs)
    seen: set[tuple[int, int]] = set()
    while waiting:
        ours, theirs = waiting.pop()
        if (ours.number, theirs.number) in seen:
            continue
        seen.add((ours.number, theirs.number))
        maker, other = old.maker_of(ours), new.maker_of(theirs)
        if maker is None or other is None:
            made = maker or other
            if made is not None:
                by = f"made by `{made.name}` in the other"
                found[f"`{theirs.blob}`: an input in one net, {by}"] = None
            continue
        if ours.maker and theirs.maker and ours.maker.slot != theirs.maker.slot:
            found[f"`{theirs.blob}`: another top of `{other.name}`"] = None
            continue
        if maker.name != other.name and (maker.name in here or other.name in there):
            found[f"`{theirs.blob}` of `{other.name}` is read where `{maker.name}` was"] = None
            continue
        differences = list(layer_differences(maker, other, frozenset(), lone))
        found.update(dict.fromkeys(differences))
        if maker.type != other.type:
            continue
        if len(maker.bottoms) != len(other.bottoms):
            found[f"`{other.name}`: {len(maker.bottoms)} → {len(other.bottoms)} bottoms"] = None
            continue
        for slot in range(len(maker.bottoms)):
            one, two = old.source_of(maker, slot), new.source_of(other, slot)
            if one is not None and two is not None:
                waiting.append((one, two))
            elif one is not two:
                found[f"`{other.name}`: `{other.bottoms[slot].name}` is made in one net only"] = (
                    None
                )
    return list(found)


class _LoneNames(NamedTuple):
    """The names of parameters by which layers share them; any other name of one is just a name."""

    old: frozenset[str]
    new: frozenset[str]

    def hold(self, path: str, old: tuple[_Value, ...], new: tuple[_Value, ...]) -> bool:
        """Whether a field is the name of a parameter that neither net shares."""
        if _PARAM_NAME.fullmatch(path) is None:
            return False
        return self.old.isdisjoint(map(str, old)) and self.new.isdisjoint(map(str, new))


def _shared_names(graph: Graph) -> frozenset[str]:
    counts = Counter(
        name
        for layer in graph.layers
        for param in Values(layer.fields).messages("param")
        if (name := param.string("name"))
    )
    return frozenset(name for name, number in counts.items() if number > 1)


def layer_differences(
    old: Layer,
    new: Layer,
    but: frozenset[str] = frozenset(),
    lone: _LoneNames | None = None,
) -> Iterator[str]:
    """The fields in which two layers differ, `but` some; what is written or not, as Caffe reads it.

    Bottoms, tops and rules for states are left out, and so are `lone` names.
    """
    if old.type != new.type:
        yield f"`{new.name}`: type {old.type} → {new.type}"
        return
    layer = base_schema().messages["LayerParameter"]
    skipped = _ABOUT_THE_GRAPH | _WEIGHTS | but
    ours = dict(_values([n for n in old.fields if n.name not in skipped], layer, ""))
    theirs = dict(_values([n for n in new.fields if n.name not in skipped], layer, ""))
    for path in dict.fromkeys((*ours, *theirs)):
        one, two = _with_default(ours, path, layer), _with_default(theirs, path, layer)
        if one != two and not (lone and lone.hold(path, one, two)):
            yield f"`{new.name}`: {path} {_shown(one)} → {_shown(two)}"
    if not _WEIGHTS & but:
        yield from weight_differences(old, new)


def weight_differences(old: Layer, new: Layer, first: int = 1) -> Iterator[str]:
    """In which loss weights two layers differ, from the `first` top on; 0 or 1 where none is."""
    weights = zip_longest(_weights(old), _weights(new), fillvalue=0.0)
    for number, (one, two) in enumerate(weights, start=1):
        if number >= first and one != two:
            which = f" of top {number}:" if number > 1 else ""
            yield f"`{new.name}`: loss_weight{which} {one:g} → {two:g}"


def _weights(layer: Layer) -> tuple[float, ...]:
    return layer.loss_weights or ((1.0,) if is_loss_type(layer) else ())


def _values(
    nodes: Sequence[Node], kind: MessageType | None, prefix: str
) -> Iterator[tuple[str, tuple[_Value, ...]]]:
    """Each field's path and values; a repeated message counts its own from 0."""
    fields = kind.fields if kind is not None else {}
    plain: dict[str, list[_Value]] = {}
    counts: dict[str, int] = {}
    for node in nodes:
        field = fields.get(node.name)
        if isinstance(node, Message):
            inner = None
            if field is not None and field.type_name is not None:
                inner = base_schema().messages.get(field.type_name)
            repeated = field is not None and field.repeated
            place = f"[{counts.get(node.name, 0)}]" if repeated else ""
            counts[node.name] = counts.get(node.name, 0) + 1
            yield from _values(node.fields, inner, f"{prefix}{node.name}{place}.")
        else:
            assert isinstance(node, Field)
            values = [_value(scalar, field) for scalar in node.scalars]
            if field is not None and field.repeated:
                plain.setdefault(node.name, []).extend(values)
            else:
                plain[node.name] = values[-1:]
    for name, found in plain.items():
        yield prefix + name, tuple(found)


def _value(scalar: Scalar, field: FieldType | None) -> _Value:
    """A value as Caffe takes it, so that two ways to write it are the same."""
    if scalar.kind == "string":
        return scalar.value
    if field is not None and field.kind == "bool":
        return parse_bool(scalar.value) is True
    if field is not None and field.type_name is not None:
        enum = base_schema().enums.get(field.type_name)
        if enum is not None and scalar.kind == "integer":
            return enum.name_of(parse_integer(scalar.value)) or scalar.value
        return scalar.value
    if scalar.kind == "integer" and (field is None or field.kind in _WHOLE):
        return parse_integer(scalar.value)
    number = parse_float(scalar.value)
    return scalar.value if number is None else number


def _with_default(
    values: Mapping[str, tuple[_Value, ...]], path: str, layer: MessageType
) -> tuple[_Value, ...]:
    """The values of a field, or what it has if it is not written."""
    if path in values:
        return values[path]
    kind: MessageType | None = layer
    field: FieldType | None = None
    for part in path.split("."):
        field = kind.fields.get(part.partition("[")[0]) if kind is not None else None
        if field is None:
            return ()
        kind = base_schema().messages.get(field.type_name) if field.type_name else None
    if field is None or field.repeated:
        return ()
    if field.default is not None:
        return (field.default,)
    if field.type_name is not None and field.type_name in base_schema().enums:
        return (next(iter(base_schema().enums[field.type_name].values)),)
    zeros: Mapping[str, _Value] = {"bool": False, "string": "", "bytes": ""}
    return (zeros.get(field.kind, 0),)


def _shown(values: tuple[_Value, ...]) -> str:
    texts = [
        str(v).lower() if isinstance(v, bool) else f"{v:g}" if isinstance(v, float) else str(v)
        for v in values
    ]
    return clip(", ".join(texts)) if texts else "none"
