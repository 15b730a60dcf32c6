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

from protofix.rulebook.checks import diagnosed
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Message

CODE = "PF005"
NAME = "unbalanced-bracket"
SEVERITY = "error"
WANTS = "diagnoses"

_check = diagnosed("bracket")


def check(context: Context) -> Iterator[Hit]:
    """Say each, but for what is missing if a layer within a layer shows already where."""
    within = [it.start for it in context.misfits if it.kind == "unknown-field" and it.lacks is None]
    shown = {
        node.end
        for node in context.document.fields
        if isinstance(node, Message)
        and node.close_start == node.end
        and any(node.start < start < node.end for start in within)
    }
    for hit in _check(context):
        if hit.start not in shown:
            yield hit
