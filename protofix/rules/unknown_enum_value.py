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
from protofix.net.names import nearest, nearest_type, slip_of_type
from protofix.rulebook.context import Context
from protofix.rulebook.lacks import Advice, instead, lacking, who_has_it

CODE = "PF104"
NAME = "unknown-enum-value"
SEVERITY = "error"
WANTS = "misfits"

_MANY = 8
_V1_TYPES = "V1LayerParameter.LayerType"


def _advice(misfit: Misfit, lack: Lack, context: Context) -> Advice:
    names = list(context.schema.enums[lack.owner].values)
    near = nearest_type if lack.owner == _V1_TYPES else nearest
    meant = near(lack.name, names) or _cut_short(lack.name, names)
    if meant and meant.lower() == lack.name.lower():
        return Advice(f"write {meant}", instead(misfit, meant, True))
    if meant:
        return Advice(f"did you mean {meant}?", instead(misfit, meant, False))
    today = slip_of_type(lack.name) if lack.owner == _V1_TYPES else None
    if today is not None:
        return Advice(f"as a `layer` of type `{today}`, {who_has_it(dialects_with_type(today))}")
    there = ", ".join(names) if len(names) <= _MANY else ", ".join(names[: _MANY - 2]) + ", ..."
    return Advice(f"it has {there}")


def _cut_short(written: str, names: list[str]) -> str | None:
    """The name that is the first letters of what is written, as AVE is of AVERAGE.

    One that is a whole word of it, as ELTWISE is of ELTWISE_ACCURACY, is another name.
    """
    word = written.upper().partition("_")[0]
    found = [it for it in names if len(it) > 2 and word.startswith(it) and word != it]
    return found[0] if len(found) == 1 else None


check = lacking(NAME, _advice)
