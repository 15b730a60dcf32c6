"""Fusing Softmax → InfogainLoss, as edits on the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from protofix.infogain.chains import MAP_OBSTACLES, Chain, engine_of
from protofix.infogain.losses import infogain_losses
from protofix.infogain.plan import Plan, plan_fusing
from protofix.net.layers import BlobName, Layer, bind
from protofix.net.view import view_of
from protofix.textproto.edits import Edit, apply_edits, merge_removals
from protofix.textproto.layout import (
    Block,
    Removal,
    put_within,
    remove,
    remove_value,
    replace_string,
    style_of,
    take_fields_out,
    take_out,
)
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document, Message, Node, fields_named


class LossParam(Enum):
    """What becomes of a `loss_param` that the old layer never read."""

    AS_WRITTEN_FOR = "auto"
    KEEP = "keep"
    DROP = "drop"


@dataclass(frozen=True)
class FuseOptions:
    """The choices a person has.

    `maps` fuses chains whose scores are, or may be, maps: the loss is then one a position.
    """

    loss_param: LossParam = LossParam.AS_WRITTEN_FOR
    maps: bool = False


@dataclass(frozen=True)
class Fused:
    """What was done to one chain: the loss's name and what to tell about it, a sentence each."""

    loss: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class FuseResult:
    """The document after fusing, what was done, and by which plan for the document as it was."""

    document: Document
    fused: tuple[Fused, ...]
    plan: Plan
    notes: tuple[str, ...]


class UnsettledError(RuntimeError):
    """A rewrite broke the text or found work in its own result: a mistake in protofix."""


def fuse(document: Document, options: FuseOptions = FuseOptions()) -> FuseResult:
    """Fuse every chain that may be fused."""
    overruled = MAP_OBSTACLES if options.maps else frozenset[str]()
    plan = plan_fusing(view_of(document), overruled)
    if not plan.chains:
        return _finished(document, (), plan)
    notes: dict[int, list[str]] = {chain.loss.index: [*chain.doubts] for chain in plan.chains}
    after = rewire(document, plan, options, notes)
    for chain in plan.chains:
        index = plan.index_after(chain.loss.index)
        told = notes[chain.loss.index]
        after = carry_over(after, index, chain, "infogain_loss_param", told)
    if plan_fusing(view_of(after), overruled).chains:
        raise UnsettledError(f"{document.source.path}: fusing does not settle; please report it")
    fused = tuple(Fused(c.loss.name, tuple(notes[c.loss.index])) for c in plan.chains)
    return _finished(after, fused, plan)


def _finished(document: Document, fused: tuple[Fused, ...], plan: Plan) -> FuseResult:
    """Take the `normalize` on which Caffe would abort out of losses that read scores already."""
    refused = {chain.loss.name for chain in plan.refused}
    notes, edits = [], []
    for loss in infogain_losses(bind(document)):
        param = loss.param("loss_param")
        fields = fields_named(param.fields, "normalize") if param else []
        if param is None or not fields or loss.name in refused:
            continue
        edits += take_fields_out(document, param, fields, loss.node, style_of(document))
        notes.append(f"`normalize` of `{loss.name}` goes: Caffe aborts on it")
    document = apply_to(document, merge_removals(edits)) if edits else document
    return FuseResult(document, fused, plan, tuple(notes))


def apply_to(document: Document, edits: list[Edit]) -> Document:
    """Apply edits to a document and read the result, which must be a whole text again."""
    after = read(Source(apply_edits(document.text, edits), document.source.path))
    if len(after.diagnoses) > len(document.diagnoses):
        first = after.diagnoses[0]
        raise UnsettledError(f"a rewrite broke the text of {document.source.path}: {first.message}")
    return after


def rewire(
    document: Document, plan: Plan, options: FuseOptions | None, notes: dict[int, list[str]]
) -> Document:
    """Let the losses read their scores, and take out what nobody needs any more.

    The `options` say what becomes of each `loss_param`; without any it stays. What to tell of each
    loss is added to its `notes`, by its index.
    """
    edits: list[Edit] = []
    for chain in plan.chains:
        told = notes[chain.loss.index]
        old = chain.loss.bottoms[0]
        told.append(f"reads the scores `{chain.scores}` instead of the probabilities `{old.name}`")
        if old.name != chain.scores:
            edits.append(_renamed(document, old, chain.scores))
        if options is not None:
            edits += _loss_param_edits(document, chain, options, told)
    edits += _removals(document, plan, notes)
    layers = bind(document).layers
    for rename in plan.renames:
        edits.append(_renamed(document, rename.activation.tops[0], rename.name))
        edits += [
            _renamed(document, layers[use.layer].bottoms[use.slot], rename.name)
            for use in rename.readers
        ]
    for chain in plan.chains:
        notes[chain.loss.index] += _staying_notes(plan, chain)
    return _without_loose_tops(apply_to(document, merge_removals(edits)), plan, notes)


def _without_loose_tops(document: Document, plan: Plan, notes: dict[int, list[str]]) -> Document:
    """Take the tops that a Split makes for nobody, the last of each first."""
    for use in sorted(plan.loose_tops, reverse=True):
        split = bind(document).layers[plan.index_after(use.layer)]
        top = split.tops[use.slot]
        removal = remove_value(document, top.field, top.start)
        edits = take_out(document, [removal], split.node, style_of(document))
        document = apply_to(document, edits)
        for chain in plan.chains:
            if any(layer.index == use.layer for layer in chain.path):
                told = notes[chain.loss.index]
                told.append(f"Split `{split.name}` no longer makes `{top.name}`")
    return document


def _removals(document: Document, plan: Plan, notes: dict[int, list[str]]) -> list[Edit]:
    """Take layers out; their comments go to the first loss that they served."""
    edits: list[Edit] = []
    removals: dict[int, list[Removal]] = {}
    for layer in plan.goes:
        heir = next(
            chain.loss.index
            for chain in plan.chains
            if layer in chain.activations or layer in chain.path
        )
        removal = remove(document, layer.node, with_comment_above=True)
        removals.setdefault(heir, []).append(removal)
        notes[heir].append(f"{layer.type} `{layer.name}` goes: nothing else reads it")
    for chain in plan.chains:
        gone = removals.get(chain.loss.index, [])
        edits += take_out(document, gone, chain.loss.node, style_of(document))
    return edits


def _staying_notes(plan: Plan, chain: Chain) -> Iterator[str]:
    """Say why a Softmax stays, and where it now works for nobody."""
    for rename in plan.renames:
        it = rename.activation
        if it in chain.activations:
            yield (
                f"{it.type} `{it.name}` worked in place and is read by others: "
                f"its probabilities are now `{rename.name}`"
            )
    for staying in plan.staying:
        it = staying.activation
        if it not in chain.activations:
            continue
        reasons = []
        if staying.readers:
            names = ", ".join(f"`{layer.name}`" for layer in staying.readers)
            reasons.append(f"{names} {'read' if len(staying.readers) > 1 else 'reads'} it")
        if staying.outputs:
            reasons.append(f"it is an output in {_states(staying.outputs)}")
        yield f"{it.type} `{it.name}` stays: {' and '.join(reasons)}"
        if staying.idle:
            blob = it.tops[0].name
            yield (
                f"in {_states(staying.idle)} nobody reads `{blob}` now, and Caffe prints what "
                "nobody reads; an `exclude` rule would stop that"
            )


def _states(states: tuple[str, ...]) -> str:
    return states[0] if len(states) == 1 else f"{len(states)} states ({'; '.join(states)})"


def _renamed(document: Document, blob: BlobName, name: str) -> Edit:
    return replace_string(document, blob, name)


def _loss_param_edits(
    document: Document, chain: Chain, options: FuseOptions, notes: list[str]
) -> list[Edit]:
    """Judge the `loss_param`, which the old layer never read and the new one obeys."""
    param = chain.loss.param("loss_param")
    if param is None:
        return []
    # A map with a label a position is nothing that the old layer could have computed.
    legacy = chain.written_for == "legacy" and not chain.is_map
    drop = options.loss_param is LossParam.DROP or (
        options.loss_param is LossParam.AS_WRITTEN_FOR and legacy
    )
    normalize = fields_named(param.fields, "normalize")
    written = on_one_line(document, param)

    def without(fields: Sequence[Node]) -> list[Edit]:
        return take_fields_out(document, param, fields, chain.loss.node, style_of(document))

    if drop:
        why = "the old layer never read it, the new one would" if legacy else "as asked"
        notes.append(f"loss_param {{ {written} }} goes: {why}")
        return without(param.fields)
    if normalize and len(param.fields) == len(normalize):
        notes.append(f"loss_param {{ {written} }} goes: Caffe aborts on `normalize`")
        return without(param.fields)
    why = "as asked" if legacy else "the net was written for the layer that reads it"
    notes.append(f"loss_param {{ {written} }} stays: {why}")
    if not normalize:
        return []
    notes.append("its `normalize` goes: Caffe aborts on it")
    return without(normalize)


def on_one_line(document: Document, message: Message) -> str:
    """What a message holds, without comments and line breaks, to be told to a person."""
    parts = []
    for node in message.fields:
        if isinstance(node, Message):
            parts.append(f"{node.name} {{ {on_one_line(document, node)} }}")
        else:
            values = [document.text[s.start : s.end] for s in node.scalars]
            value = f"[{', '.join(values)}]" if node.shape.listed else values[0]
            parts.append(f"{node.name}: {value}")
    return " ".join(parts)


def carry_over(
    document: Document, index: int, chain: Chain, message: str, notes: list[str]
) -> Document:
    """Write on the loss what the Softmax had and the softmax within the loss needs.

    The loss has its axis in that `message`.
    """
    loss = bind(document).layers[index]
    if chain.axis != 1 and loss.values(message).integer("axis") is None:
        axis = Block("axis", str(chain.axis))
        document = put_field(document, loss, message, axis)
        notes.append(f"axis {chain.axis} of the Softmax is now the loss's")
    engine = engine_of(chain.activation)
    own = engine_of(bind(document).layers[index])
    if engine is not None and (own is None or own.value != engine.value):
        loss = bind(document).layers[index]
        if own is None:
            document = put_field(document, loss, "softmax_param", Block("engine", engine.value))
        else:
            document = apply_to(document, [Edit(own.start, own.end, engine.value)])
        notes.append(f"engine {engine.value} of the Softmax is now the loss's")
    elif engine is None and own is not None:
        notes.append(f"engine {own.value}, which the loss had already, now counts")
    return document


def put_field(document: Document, layer: Layer, message: str, field: Block) -> Document:
    """Add a field to a layer's message of that name, which is made if it is not there."""
    inner, style = layer.param(message), style_of(document)
    return apply_to(document, [put_within(document, layer.node, message, inner, field, style)])
