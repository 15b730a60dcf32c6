"""Checks for what a dialect lacks: which forks have it, or what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from caffe_proto import dialect_title
from protofix.net.binding import Lack, Misfit
from protofix.net.dialects import who_knows
from protofix.net.names import known_by
from protofix.rulebook.checks import hit_of
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.edits import Edit, Mending

_IN_NO_FORK = "nor in any fork known here"


class Advice(NamedTuple):
    """What was meant by something that the dialect lacks, in words, and what mends it."""

    said: str
    mending: Mending | None = None


def lacking(
    kind: str, advice: Callable[[Misfit, Lack, Context], Advice | None]
) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of thing that the dialect lacks.

    Each is said with the dialects that have it. Where none has, `advice` says what was meant, and
    gives None where that cannot be told; of the layer of a fork that is not known here it is not
    asked.
    """

    def check(context: Context) -> Iterator[Hit]:
        for misfit in context.misfits:
            if misfit.kind == kind:
                yield _advised(misfit, context, advice)

    return check


def _advised(
    misfit: Misfit, context: Context, advice: Callable[[Misfit, Lack, Context], Advice | None]
) -> Hit:
    if misfit.lacks is None:
        return hit_of(misfit)
    said = f"{misfit.message} in {context.dialect.title}"
    for layer in context.own_layers:
        if misfit.start == layer.type_start:
            return _unheard(misfit, f"{said}, {_IN_NO_FORK}, and no `{layer.param}`", context)
        if misfit.start == layer.param_start:
            return _unheard(misfit, f"{said}, {_IN_NO_FORK}", context)
    others = others_with(misfit, context)
    found = Advice(who_has_it(others)) if others else advice(misfit, misfit.lacks, context)
    if found is None:
        return _unheard(misfit, f"{said}, {_IN_NO_FORK}", context)
    return hit_of(misfit._replace(message=f"{said}: {found.said}", mending=found.mending))


def _unheard(misfit: Misfit, message: str, context: Context) -> Hit:
    hit = hit_of(misfit._replace(message=message))
    return replace(hit, unheard=context.dialect.types is not None)


def others_with(misfit: Misfit, context: Context) -> list[str]:
    """Name the dialects that know what is lacking in the one that a document is held against."""
    return [name for name in who_knows(misfit) if name != context.dialect.name]


def instead(misfit: Misfit, text: str, certain: bool) -> Mending:
    """Write `text` instead of what does not fit."""
    return Mending(f"write `{text}`", (Edit(misfit.start, misfit.end, text),), certain)


def who_has_it(dialects: Sequence[str]) -> str:
    """Say which dialects have something: "SegNet and yjxiong have it"."""
    return f"{known_by(dialects)} {'has' if _are_one(dialects) else 'have'} it"


def who_takes_several(dialects: Sequence[str]) -> str:
    """Say which dialects take several values for a field: "yjxiong takes several"."""
    return f"{known_by(dialects)} {'takes' if _are_one(dialects) else 'take'} several"


def _are_one(dialects: Sequence[str]) -> bool:
    """Whether one alone is named of some dialects."""
    return known_by(dialects) in map(dialect_title, dialects)
