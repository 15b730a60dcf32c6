"""A field given twice in a message that takes it once.

Caffe refuses the file rather than choose. Where both say the same, one of them can go.

Wrong:

    layer { name: "conv1" name: "conv2" }

Right:

    layer { name: "conv2" }

Wrong:

    layer { name: "conv1" name: "conv1" }
"""

from collections.abc import Iterator

from protofix.net.homes import messages_around
from protofix.rulebook.checks import misfitting
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import remove
from protofix.textproto.tree import Document, Field, fields_named

CODE = "PF105"
NAME = "repeated-field"
SEVERITY = "error"
WANTS = "misfits"

_check = misfitting("repeated-field")


def check(context: Context) -> Iterator[Hit]:
    """Say each field but the first of a name."""
    for hit in _check(context):
        yield Hit(hit.start, hit.end, hit.message, _fix(context.document, hit.start))


def _fix(document: Document, start: int) -> Fix | None:
    """Take a field away that says what the one before it says; None if it says something else."""
    around = messages_around(document, start)
    siblings = around[-1].fields if around else document.fields
    node = next(it for it in siblings if it.start == start)
    twins = fields_named(siblings, node.name)
    if not isinstance(node, Field) or len({_said(twin) for twin in twins}) > 1:
        return None
    # A comment on the line of the one that goes would go with it.
    edit, comments = remove(document, node)
    return None if comments else Fix(f"take the second `{node.name}` away", (edit,))


def _said(field: Field) -> tuple[tuple[str, str], ...]:
    return tuple((scalar.kind, scalar.value) for scalar in field.scalars)
