"""A field that the message does not have.

Caffe refuses a whole file for one. It is a slip of the pen, a field of a fork, or one that belongs
in another message. `protofix check --dialect` holds a file against a fork, and `--schema` against a
schema of your own. A field that goes with the type of its layer, which Caffe does not have either,
is said with that type, unless that is left out. Of a layer with a field that no Caffe known here
has, neither the shapes that it makes nor what it demands are known, and nothing more is said of
them.

Wrong:

    layer { type: "Convolution" convolution_param { kernal_size: 3 } }

Right:

    layer { type: "Convolution" convolution_param { kernel_size: 3 } }

Wrong:

    layer { type: "Convolution" num_output: 96 }

Right:

    layer { type: "Convolution" convolution_param { num_output: 96 } }
"""

from collections.abc import Iterator
from dataclasses import replace

from caffe_proto import (
    EnumType,
    FieldType,
    Schema,
    dialect_schema,
    dialects_with_field,
    fields_anywhere,
)
from protofix.net.binding import Lack, Misfit
from protofix.net.dialects import who_knows
from protofix.net.homes import any_home, home_in_fork, likely_home, messages_around
from protofix.net.kinds import may_hold
from protofix.net.names import field_called, nearest
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit, Said
from protofix.rulebook.lacks import Advice, instead, lacking, who_has_it
from protofix.rulebook.upgrading import newer_types
from protofix.textproto.literals import parse_integer
from protofix.textproto.tree import Field, Scalar, scalars_named

CODE = "PF101"
NAME = "unknown-field"
SEVERITY = "error"
WANTS = "misfits"


def _advice(misfit: Misfit, lack: Lack, context: Context) -> Advice | None:
    today = dialects_with_field("LayerParameter", lack.name)
    if lack.owner == "V1LayerParameter" and today:
        return Advice(f"in a `layer` of today's, {who_has_it(today)}")
    around = messages_around(context.document, misfit.start)
    home = likely_home(lack, around, context.schema)
    if home is not None:
        return Advice(home)
    owner = context.schema.messages.get(lack.owner)
    fields = owner.fields if owner else {}
    meant = nearest(lack.name, fields)
    if meant is not None:
        return _slip(misfit, lack, context, fields[meant])
    elsewhere = any_home(lack, around, context.schema)
    if elsewhere is not None:
        return Advice(elsewhere)
    meant = field_called(lack.name, fields)
    if meant is not None:
        return _slip(misfit, lack, context, fields[meant])
    said = home_in_fork(lack) or _slip_of_a_fork(lack)
    return None if said is None else Advice(said)


def _slip(misfit: Misfit, lack: Lack, context: Context, meant: FieldType) -> Advice:
    """The field that was meant, to be written instead if that would fit there."""
    siblings = lack.within.fields if lack.within else context.document.fields
    given = any(node.name == meant.name for node in siblings) and not meant.repeated
    fits = lack.node is not None and may_hold(lack.node, {meant.kind}) and not given
    mending = instead(misfit, meant.name, False) if fits else None
    return Advice(f"did you mean `{meant.name}`?", mending)


def _slip_of_a_fork(lack: Lack) -> str | None:
    meant = nearest(lack.name, fields_anywhere(lack.owner))
    if meant is None:
        return None
    dialects = dialects_with_field(lack.owner, meant)
    if not _has_values_of(lack, dialect_schema(dialects[0]), meant):
        return None
    return f"did you mean `{meant}`? {who_has_it(dialects)}"


def _has_values_of(lack: Lack, schema: Schema, meant: str) -> bool:
    """Whether what is written could be values of the field that was meant, such as its enum's."""
    field = schema.messages[lack.owner].fields[meant]
    if lack.node is None or not may_hold(lack.node, {field.kind}):
        return False
    enum = schema.enums.get(field.type_name or "")
    scalars = lack.node.scalars if isinstance(lack.node, Field) else ()
    return enum is None or all(_is_near(it, enum) for it in scalars)


def _is_near(scalar: Scalar, enum: EnumType) -> bool:
    """Whether a value is one of an enum, by its number or by its name or a slip of that."""
    if scalar.kind == "integer":
        return parse_integer(scalar.value) in enum.numbers
    return nearest(scalar.value, enum.values) is not None


_check = lacking(NAME, _advice)


def check(context: Context) -> Iterator[Hit]:
    """Say each, within what is said of its layer's type where the two go together."""
    within = _of_unknown_types(context)
    newer = [it for view in context.views for it in newer_types(view.net)]
    for hit in _check(context):
        said = within.get(hit.start)
        for layer, scalar in newer:
            if layer.node.start <= hit.start < layer.node.end:
                said = Said("wrong-type", scalar.start)
        yield replace(hit, within=said)


def _of_unknown_types(context: Context) -> dict[int, Said]:
    """Where layers have a field of the forks that have their type, such as bn_param in a BN.

    With what is said of the type; the forks may be ones that are not known here.
    """
    kinds = {it.start: it.kind for it in context.misfits}  # which rules are called after
    own = {it.param_start: it.type_start for it in context.own_layers}
    found = {param: Said(kinds[start], start) for param, start in own.items()}
    types = {it.start: it for it in context.misfits if it.kind == "unknown-layer-type"}
    for misfit in context.misfits if types else ():
        layer = misfit.lacks.within if misfit.lacks and misfit.kind == NAME else None
        for written in scalars_named(layer.fields, "type") if layer else ():
            forks = who_knows(types[written.start]) if written.start in types else ()
            if not set(forks).isdisjoint(who_knows(misfit)):
                found[misfit.start] = Said("unknown-layer-type", written.start)
    return found
