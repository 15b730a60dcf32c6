"""Which dialect of Caffe a file is written in, and what of it does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from caffe_proto import (
    AUTO,
    DIALECTS,
    Schema,
    dialect_schema,
    dialect_title,
    dialects_with_field,
    dialects_with_type,
    dialects_with_value,
    layer_types,
)
from caffe_proto.own import read_schema
from protofix.net.binding import Lack, Misfit, find_misfits
from protofix.net.kinds import NETS_OF_SOLVERS, kind_of_file
from protofix.net.names import slip_of_type
from protofix.textproto.literals import clip
from protofix.textproto.tree import Document, Message, messages_named, scalars_named, walk

_REMEMBERED = 8  # schemas that users bring


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
    try:
        seen = path.stat()
    except (OSError, ValueError):
        return Dialect(path.name, path.name, read_schema(path), None)  # which says why
    return _own_dialect(path, path.absolute(), seen.st_mtime_ns, seen.st_size)


@lru_cache(_REMEMBERED)
def _own_dialect(path: Path, place: Path, changed: int, size: int) -> Dialect:
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

    That is the plainest one in which nothing is unknown, or else the one in which the least of the
    text is unknown, then the one with the fewest other misfits, then the plainest.
    """
    if dialect is not None:
        return _fit(document, kind_of_file(document, dialect.schema), dialect)
    base = known_dialect(DIALECTS[0])
    best = _fit(document, kind_of_file(document, base.schema), base)
    strange = [(_weight(m.lacks), who_knows(m)) for m in best.misfits if m.lacks is not None]
    most = least = sum(weight for weight, _ in strange)
    for name in DIALECTS[1:]:
        if not least:
            break
        # What a fork's table does not add stays unknown in it: most forks need not be tried.
        known = sum(weight for weight, forks in strange if name in forks)
        if not known or most - known > least:
            continue
        other = _fit(document, best.kind, known_dialect(name))
        unknown = sum(map(_weight, other.lacks))
        if (unknown, len(other.misfits)) < (least, len(best.misfits)):
            best, least = other, unknown
    return best


def who_knows(misfit: Misfit) -> tuple[str, ...]:
    """Name the dialects that know what is unknown here, the plainest first."""
    lack = misfit.lacks
    if lack is None:
        return ()
    if misfit.kind == "unknown-layer-type":
        return dialects_with_type(lack.name)
    if misfit.kind == "unknown-enum-value":
        return dialects_with_value(lack.owner, lack.name)
    return dialects_with_field(lack.owner, lack.name)


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
    first = next((node for node in document.fields if node.name), None)
    if first is None:
        return ()
    text = f"{kind} has no field `{clip(first.name)}`"
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


def _weight(lack: Lack) -> int:
    """How many fields of the text are unknown here: an unknown message's are, all of them."""
    node = lack.node
    return 1 + (sum(1 for _ in walk(node.fields)) if isinstance(node, Message) else 0)
