"""A field that the message does not have.

Caffe refuses a whole file for one. It is a slip of the pen, a field of a fork, or one that belongs
in another message. `protofix check --dialect` holds a file against a fork, and `--schema` against a
schema of your own. A field that goes with the type of its layer, which Caffe does not have either,
is said with that type, unless that is left out. Of a layer with a field of which nobody can say
what was meant, neither the shapes that it makes nor what it demands or hands back are known, and no
rule holds these against it.

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

from caffe_proto import FieldType
from protofix.net.binding import Lack, Misfit
from protofix.net.dialects import who_knows
from protofix.net.homes import messages_around
from protofix.net.kinds import may_hold
from protofix.net.meant_fields import meant_field
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit, Said
from protofix.rulebook.lacks import Advice, instead, lacking, who_has_it
from protofix.rulebook.upgrading import newer_types
from protofix.textproto.edits import Mending
from protofix.textproto.tree import scalars_named

CODE = "PF101"
NAME = "unknown-field"
SEVERITY = "error"
WANTS = "misfits"


def _advice(misfit: Misfit, lack: Lack, context: Context) -> Advice | None:
    around = messages_around(context.document, misfit.start)
    meant = meant_field(lack, around, context.schema)
    if meant is None:
        return None
    said = f"{meant.said} {who_has_it(meant.dialects)}" if meant.dialects else meant.said
    if meant.instead is None:
        return Advice(said)
    return Advice(said, _mending(misfit, lack, context, meant.instead))


def _mending(misfit: Misfit, lack: Lack, context: Context, meant: FieldType) -> Mending | None:
    """The field that was meant, to be written instead if that would fit there."""
    siblings = lack.within.fields if lack.within else context.document.fields
    given = any(node.name == meant.name for node in siblings) and not meant.repeated
    fits = lack.node is not None and may_hold(lack.node, {meant.kind}) and not given
    return instead(misfit, meant.name, False) if fits else None


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
