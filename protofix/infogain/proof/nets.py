"""Two nets, loss by loss and state by state: are the numbers the same, and if not, by what?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from protofix.infogain.proof.differences import layer_differences, upstream_differences
from protofix.infogain.proof.judging import LossProver, ProofOptions, drawn_of, upstream_of
from protofix.infogain.proof.pairs import (
    NOT_OF_CLASSES,
    OTHER_SCORES,
    UNMADE,
    Heads,
    LossPair,
    heads_of,
    pairs_of,
)
from protofix.infogain.proof.results import LossProof, Proof, Verdict
from protofix.net.graph import Version
from protofix.net.view import view_of
from protofix.textproto.tree import Document

__all__ = ["ProofOptions", "prove_nets"]

_EVERYTHING = ProofOptions()
_SAID_OTHERWISE = (NOT_OF_CLASSES, OTHER_SCORES, UNMADE)


def prove_nets(old: Document, new: Document, options: ProofOptions = _EVERYTHING) -> Proof:
    """Hold each loss of a net against the one of another net, in each state.

    Both must be in today's format or in V1 (an upgrade changes no number), without syntax errors.
    """
    pairs, problems = pairs_of(view_of(old), view_of(new))
    proofs: dict[tuple[object, ...], LossProof] = {}
    for pair in pairs:
        if options.only is not None and pair.new.index not in options.only:
            continue
        heads = heads_of(pair)
        key, prove = _prepared(pair, heads, old, new, options)
        known = proofs.get(key)
        if known is None:
            proofs[key] = prove()
        else:
            proofs[key] = replace(known, states=(*known.states, str(pair.state)))
    return Proof(tuple(problems), _told_apart(tuple(proofs.values())))


def _told_apart(proofs: tuple[LossProof, ...]) -> tuple[LossProof, ...]:
    """Proofs of a loss that are held against another Caffe in another state say so."""
    found = []
    for proof in proofs:
        others = [
            state
            for other in proofs
            if (other.loss, other.old_loss) == (proof.loss, proof.old_loss)
            and other.reference != proof.reference
            for state in other.states
        ]
        if others:
            caffes = {"legacy": "one before April 2017", "today": "today's"}
            here = caffes[proof.reference]
            there = caffes["today" if proof.reference == "legacy" else "legacy"]
            remark = (
                f"the old net is taken for {here} here, and for {there} in {' and '.join(others)}"
            )
            proof = replace(proof, remarks=(*proof.remarks, remark))
        found.append(proof)
    return tuple(found)


def _prepared(
    pair: LossPair, heads: Heads | str, old: Document, new: Document, options: ProofOptions
) -> tuple[tuple[object, ...], Callable[[], LossProof]]:
    """What tells a loss in a state from the same in another, and how it is proven."""
    if isinstance(heads, str):
        found = _as_text(pair, heads)
        return (pair.old.index, pair.new.index, *found.causes), lambda: found
    return _key(pair, heads), LossProver(pair, heads, old, new, options).proof


def _key(pair: LossPair, heads: Heads) -> tuple[object, ...]:
    """What makes the proof of a loss another one in another state."""
    # How many images there are is no difference, and states mostly have their own count.
    shapes = [shape and shape[1:] for shape in heads.known_shapes()]
    parts: list[object] = [pair.old.index, pair.new.index, *shapes, *upstream_of(pair, heads)]
    for head in (heads.old, heads.new):
        contents = [*head.scores, head.graph.source_of(head.loss, 2)]
        makers = [head.graph.maker_of(version) if version else None for version in contents]
        parts.append(tuple(layer.index for layer in head.layers))
        parts.append(tuple(maker.index if maker else None for maker in makers))
    return tuple(parts)


def _as_text(pair: LossPair, why: str) -> LossProof:
    """Compare a loss that is not computed, and all that it is made of, as text."""
    old, new = pair.old_built.graph, pair.new_built.graph
    bottoms: list[tuple[Version, Version]] = []
    causes = list(layer_differences(pair.old, pair.new))
    if len(pair.old.bottoms) != len(pair.new.bottoms):
        causes.append(f"{len(pair.old.bottoms)} → {len(pair.new.bottoms)} bottoms")
    for slot in range(min(len(pair.old.bottoms), len(pair.new.bottoms))):
        one, two = old.source_of(pair.old, slot), new.source_of(pair.new, slot)
        if one is not None and two is not None:
            bottoms.append((one, two))
    causes += upstream_differences(bottoms, old, new)
    if why in (OTHER_SCORES, UNMADE) and not causes:
        causes.append(why)
    verdict = Verdict.DIFFERENT if causes else Verdict.EQUAL
    if causes == [UNMADE]:
        verdict = Verdict.NOT_COMPARABLE
    return LossProof(
        loss=pair.new.name,
        old_loss=pair.old.name,
        type=pair.new.type,
        states=(str(pair.state),),
        verdict=verdict,
        reference="today",
        target="fused",
        scores=tuple(blob.name for blob in pair.new.bottoms[:1]),
        matrices=(None, None),
        batches=(),
        causes=tuple(causes),
        remarks=()
        if why in (NOT_OF_CLASSES, OTHER_SCORES, UNMADE)
        else (f"compared as text: {why}",),
        aborts={},
        old_steps=(drawn_of(pair.old),),
        new_steps=(drawn_of(pair.new),),
        unchanged=not causes,
    )
