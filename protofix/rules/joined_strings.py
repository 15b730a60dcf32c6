"""Two strings side by side where a name is meant: they are one.

Protobuf joins strings that nothing parts, so that a list without its comma names one blob instead
of two, and nobody says so.

Wrong:

    layer { name: "sum" type: "Eltwise" bottom: ["data" "y"] top: "sum" }

Right:

    layer { name: "sum" type: "Eltwise" bottom: ["data", "y"] top: "sum" }

Wrong:

    layer { name: "data" type: "Input" top: "x" "y" }
"""

import re
from collections.abc import Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.grammar import terminals
from protofix.textproto.layout import style_of
from protofix.textproto.literals import clip
from protofix.textproto.tree import Document, Field, Scalar, walk

CODE = "PF110"
NAME = "joined-strings"
SEVERITY = "warning"

_REPEATED = ("bottom", "top", "stage", "not_stage")
_NAMES = (*_REPEATED, "name", "type")
_STRING = re.compile(f"(?P<comment>{terminals()['COMMENT']})|{terminals()['STRING']}")


def check(context: Context) -> Iterator[Hit]:
    """Say each name that is made of more strings than one."""
    document = context.document
    for node in walk(document.fields):
        if node.shape.name not in _NAMES or not isinstance(node, Field):
            continue
        for scalar in node.scalars:
            strings = _strings(document.text, scalar)
            if len(strings) > 1:
                yield _hit(document, node, scalar, strings)


def _strings(text: str, scalar: Scalar) -> list[tuple[int, int]]:
    """Where the strings stand that a value is made of."""
    if scalar.kind != "string" or scalar.end - scalar.start == len(scalar.value) + len("''"):
        return []  # The second are plain ones, as nearly all are.
    found = _STRING.finditer(text, scalar.start, scalar.end)
    return [it.span() for it in found if it["comment"] is None]


def _hit(document: Document, field: Field, scalar: Scalar, strings: list[tuple[int, int]]) -> Hit:
    many = "two" if len(strings) == 2 else str(len(strings))
    said = f"{many} strings side by side are one string `{clip(scalar.value)}`: "
    fix = None
    if field.shape.listed:
        said += "is a comma missing?"
        commas = tuple(Edit(end, end, ",") for _, end in strings[:-1])
        fix = Fix("write a comma between the strings", commas, safe=False)
    elif field.name in _REPEATED:
        said += f"is another `{field.name}` missing?"
        fix = Fix(f"write another `{field.name}`", _fields(document, field, strings), safe=False)
    else:
        said += "write it as one"
    return Hit(scalar.start, scalar.end, said, fix)


def _fields(document: Document, field: Field, strings: list[tuple[int, int]]) -> tuple[Edit, ...]:
    """A field of its own for each string but the first."""
    head = f"{field.name}{style_of(document).colon}"
    starts = [start for start, _ in strings[1:]]
    ends = {end for _, end in strings}
    return tuple(Edit(at, at, f" {head}" if at in ends else head) for at in starts)
