"""Which dialect of Caffe a file is written in, and what of it does not fit."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from caffe_proto import (
    AUTO,
    BVLC,
    DIALECTS,
    Schema,
    dialect_schema,
    dialect_title,
    dialects_repeating,
    dialects_with_field,
    dialects_with_type,
    dialects_with_value,
    fields_anywhere,
    kinds_of_field,
    layer_types,
)
from protofix.net.binding import Lack, Misfit, find_misfits
from protofix.net.kinds import NETS_OF_SOLVERS, kind_of_file, may_hold
from protofix.net.names import slip_of_type
from protofix.textproto.literals import clip
from protofix.textproto.tree import Document, Message, Node, messages_named, scalars_named

_REMEMBERED = 8  # schemas that users bring

# The misfits that tell that a field was meant for other values.
_OF_TYPE = ("wrong-type", "out-of-range")


@dataclass(frozen=True, eq=False)
class Dialect:
    """A schema that files are held against, and the layer types it goes with.

    `title` is what people call it. `types` is None where the types cannot be known: a schema that
    a user brings does not tell them.
    """

    name: str
    title: str
    schema: Schema
    types: frozenset[str] | None


@dataclass(frozen=True, eq=False)
class Fit:
    """A document as a dialect reads it.

    `kind` is the message it holds, None for a file that is not Caffe's; `misfits` are all places
    where it does not fit, in the order of the text.
    """

    kind: str | None
    dialect: Dialect
    misfits: tuple[Misfit, ...]

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """All that the dialect lacks of what the document has."""
        return tuple(misfit.lacks for misfit in self.misfits if misfit.lacks is not None)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of what the dialect lacks, each once."""
        return tuple(dict.fromkeys(lack.name for lack in self.lacks))


@cache
def known_dialect(name: str) -> Dialect:
    """Give a dialect by its name in `DIALECTS`. Raises SchemaError for another name."""
    return Dialect(name, dialect_title(name), dialect_schema(name), layer_types(name))


def own_dialect(path: Path) -> Dialect:
    """Give the dialect of a schema file: a .proto or a compiled one. Raises SchemaError.

    It is read again when the file has changed, though not for a change in what it imports.
    """
    from caffe_proto.own import read_schema

    try:
        seen = path.stat()
    except (OSError, ValueError):
        return Dialect(path.name, path.name, read_schema(path), None)  # which says why
    return _own_dialect(path, path.absolute(), seen.st_mtime_ns, seen.st_size)


@lru_cache(_REMEMBERED)
def _own_dialect(path: Path, place: Path, changed: int, size: int) -> Dialect:
    from caffe_proto.own import read_schema

    return Dialect(path.name, path.name, read_schema(path), None)


def chosen_dialect(dialect: str = AUTO, schema: str | Path | None = None) -> Dialect | None:
    """Give the dialect that a person chose; None if it is to be found for each file.

    A schema goes before a dialect. Raises SchemaError for a name that is none, and for a schema
    that cannot be read.
    """
    if schema is not None:
        return own_dialect(Path(schema))
    return None if dialect == AUTO else known_dialect(dialect)


def fit(document: Document, dialect: Dialect | None = None) -> Fit:
    """Hold a document against a dialect; without one, against the dialect that explains it best.

    That is the plainest one in which nothing is unknown, or else, of those in which the fewest
    names are, the one that has most of what Caffe 1.0 lacks, the plainest of several. A field that
    only a fork has, and has for another type of value, is as good as unknown there; so is one that
    is given a list of values in a dialect where it takes one.
    """
    if dialect is not None:
        return _fit(document, kind_of_file(document, dialect.schema), dialect)
    base = known_dialect(BVLC)
    best = _fit(document, kind_of_file(document, base.schema), base)
    if best.kind is not None and best.kind not in base.schema.messages:
        having = dialects_with_field(best.kind, next(iter(fields_anywhere(best.kind))))
        fits = [_fit(document, best.kind, known_dialect(name)) for name in having]
        return min(fits, key=lambda one: len(one.unknown))
    strange = [(m.lacks.name, who_knows(m)) for m in best.misfits if m.lacks is not None]
    added = [lack.node for lack in best.lacks if lack.node is not None]
    rank = (len(best.unknown), 0)  # of the best one: the lower, the better
    for name in DIALECTS[1:]:
        if not rank[0]:
            break
        had = len({it for it, forks in strange if name in forks})
        # What a fork's table does not add stays unknown in it: most forks need not be tried.
        if (len({it for it, forks in strange if name not in forks}), -had) >= rank:
            continue
        other = _fit(document, best.kind, known_dialect(name))
        reached = (len({*other.unknown, *_misused(other, added)}), -had)
        if reached < rank:
            best, rank = other, reached
    return best


def who_knows(misfit: Misfit) -> tuple[str, ...]:
    """Name the dialects that know what is unknown here, the plainest first.

    One that has a field of that name for another type of value knows another field.
    """
    lack = misfit.lacks
    if lack is None:
        return ()
    if misfit.kind == "unknown-layer-type":
        return dialects_with_type(lack.name)
    if misfit.kind == "unknown-enum-value":
        return dialects_with_value(lack.owner, lack.name)
    if misfit.kind == "wrong-type":
        return dialects_repeating(lack.owner, lack.name)
    kinds = kinds_of_field(lack.owner, lack.name)
    return tuple(name for name, it in kinds.items() if lack.node and may_hold(lack.node, {it}))


def _misused(fitted: Fit, added: list[Node]) -> set[str]:
    """Name the fields, of those that a fork adds, whose value is of another type there.

    What is wrong within a message is not: that is plainly the fork's.
    """
    starts = [misfit.start for misfit in fitted.misfits if misfit.kind in _OF_TYPE]
    found: set[str] = set()
    for node in added if starts else ():
        end = node.open_end if isinstance(node, Message) else node.end
        at = bisect_left(starts, node.start)
        if at < len(starts) and starts[at] < end:
            found.add(node.name)
    return found


def _fit(document: Document, kind: str | None, dialect: Dialect) -> Fit:
    if kind is None:
        return Fit(None, dialect, ())
    if kind not in dialect.schema.messages:
        return Fit(kind, dialect, _lacking(document, kind))
    found = find_misfits(document, dialect.schema, kind)
    strange = _strange_types(document, kind, dialect.types)
    if strange:
        found = sorted([*found, *strange], key=lambda misfit: misfit.start)
    return Fit(kind, dialect, tuple(found))


def _lacking(document: Document, kind: str) -> tuple[Misfit, ...]:
    """Say once that a dialect has no message of a kind, as most have none for label maps."""
    named = [node for node in document.fields if node.name]
    if not named:
        return ()
    known = fields_anywhere(kind)
    first = next((node for node in named if node.name in known), named[0])
    text = f"there is no message {kind}"
    lack = Lack(first.name, kind, first)
    return (Misfit(first.start, first.name_end, "unknown-field", text, lack),)


def _strange_types(document: Document, kind: str, types: frozenset[str] | None) -> list[Misfit]:
    """The layers whose type string is not known."""
    found: list[Misfit] = []
    for layer in _layers(document, kind):
        for scalar in scalars_named(layer.fields, "type"):
            written = scalar.value
            if scalar.kind != "string" or not written:
                continue
            if written not in types if types is not None else slip_of_type(written) is not None:
                text = f"there is no layer type `{clip(written)}`"
                lack = Lack(written)
                found.append(Misfit(scalar.start, scalar.end, "unknown-layer-type", text, lack))
    return found


def _layers(document: Document, kind: str) -> list[Message]:
    fields = document.fields
    if kind == "SolverParameter":
        nets = (net for name in NETS_OF_SOLVERS for net in messages_named(fields, name))
        return [layer for net in nets for layer in messages_named(net.fields, "layer")]
    return messages_named(fields, "layer") if kind == "NetParameter" else []
