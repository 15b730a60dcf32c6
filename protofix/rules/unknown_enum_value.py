"""A name or number that the enum does not have.

Caffe refuses a whole file for one. Names of values are in capitals; some are a fork's.

Wrong:

    layer { include { phase: train } }

Right:

    layer { include { phase: TRAIN } }

Wrong:

    layer { include { phase: TRIAN } }
"""

from caffe_proto import dialects_with_type
from protofix.net.binding import Lack, Misfit
from protofix.net.names import nearest, nearest_type, slip_of_type, type_of_v1_name
from protofix.rulebook.context import Context
from protofix.rulebook.lacks import Advice, instead, lacking, who_has_it

CODE = "PF104"
NAME = "unknown-enum-value"
SEVERITY = "error"
WANTS = "misfits"

_MANY = 8
_V1_TYPES = "V1LayerParameter.LayerType"


def _advice(misfit: Misfit, lack: Lack, context: Context) -> Advice | None:
    names = list(context.schema.enums[lack.owner].values)
    named_type = lack.owner == _V1_TYPES and lack.name.isidentifier()
    meant = (
        nearest_type(lack.name, names)
        if named_type
        else nearest(lack.name, names) or _cut_short(lack.name, names)
    )
    if meant and meant.lower() == lack.name.lower():
        return Advice(f"write {meant}", instead(misfit, meant, True))
    if meant:
        return Advice(f"did you mean {meant}?", instead(misfit, meant, False))
    if named_type:
        return _as_a_layer(lack.name)
    there = ", ".join(names) if len(names) <= _MANY else ", ".join(names[: _MANY - 2]) + ", ..."
    return Advice(f"it has {there}")


def _as_a_layer(v1_name: str) -> Advice | None:
    """Say who has layers of that type in today's format; None if nobody has."""
    today = type_of_v1_name(v1_name) or slip_of_type(v1_name)
    if today is None:
        return None
    return Advice(f"as a `layer` of type `{today}`, {who_has_it(dialects_with_type(today))}")


def _cut_short(written: str, names: list[str]) -> str | None:
    """The name that is the first letters of what is written, as AVE is of AVERAGE."""
    found = [name for name in names if len(name) > 2 and written.upper().startswith(name)]
    return found[0] if len(found) == 1 else None


check = lacking(NAME, _advice)
