"""A bracket without its partner, or with one of the other kind.

Caffe notices a bracket that is missing where it comes to what cannot be in there, often at the end
of the file. The indentation shows where it is missing; where it does not, as in a net on one line,
the finding is at the end.

Wrong:

    layer { name: "conv1"
    layer { name: "relu1" }

Right:

    layer { name: "conv1" }
    layer { name: "relu1" }

Wrong:

    layer {
    name: "conv1"
    layer {
    name: "relu1"
    }
"""

from collections.abc import Iterator
from dataclasses import replace

from protofix.net.lost_brackets import is_left_open
from protofix.rulebook.checks import diagnosed
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit, Said
from protofix.textproto.edits import Mending
from protofix.textproto.tree import Message

CODE = "PF005"
NAME = "unbalanced-bracket"
SEVERITY = "error"
WANTS = "diagnoses"

_check = diagnosed("bracket")


def check(context: Context) -> Iterator[Hit]:
    """Say each; where a field that is displaced shows one, within what is said of that."""
    displaced = [it for it in context.misfits if it.kind == "unknown-field" and it.lacks is None]
    shown: dict[int, int] = {}
    for node in context.document.fields if displaced else ():
        if isinstance(node, Message) and is_left_open(node):
            inside = (it.start for it in displaced if node.start < it.start < node.end)
            shown.update((node.end, start) for start in inside)
    too_many = [it.start for it in displaced if it.mending and _takes_away(it.mending)]
    for hit in _check(context):
        start = shown.get(hit.start)
        if hit.fix is not None and _takes_away(hit.fix) and too_many and too_many[0] < hit.start:
            start = too_many.pop(0)
        yield hit if start is None else replace(hit, within=Said("unknown-field", start))


def _takes_away(change: Fix | Mending) -> bool:
    """Whether a bracket is taken away, rather than written."""
    return not any(edit.replacement for edit in change.edits)
