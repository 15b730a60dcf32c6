"""A file that is none of Caffe's: no net, no solver and no map of labels.

Told by what it holds: most of its fields are ones that no Caffe has at the top of a file, forks
included, or none of it reads as a field at all. Nothing more is said of what is in it.

Wrong:

    foo: 1

Right:

    name: "net"
"""

from collections.abc import Iterator

from caffe_proto import fields_anywhere
from protofix.net.kinds import KIND_NAMES
from protofix.net.names import in_words, nearest
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.literals import clip
from protofix.textproto.tree import Message, Node

CODE = "PF108"
NAME = "not-caffe"
SEVERITY = "info"

_SHOWN = 6  # fields
_LOOKED_AT = 40


def check(context: Context) -> Iterator[Hit]:
    """Say once what a file's fields are that no net, no solver and no label map has."""
    if context.kind is not None:
        return
    document = context.document
    nodes = [node for node in document.fields if node.name]
    names = list(dict.fromkeys(map(_shown, nodes[:_LOOKED_AT])))
    more = ", ..." if len(names) > _SHOWN else ""
    found = f"its fields are {', '.join(names[:_SHOWN])}{more}" if names else "it has no fields"
    # Where a mistake in the text was found, that is what there is to see.
    place = document.diagnoses[0] if document.diagnoses else nodes[0]
    end = place.name_end if isinstance(place, Node) else place.end
    message = f"not a Caffe file, neither a net nor a solver nor a label map: {found}"
    meant = _meant(list(dict.fromkeys(node.name for node in nodes[:_LOOKED_AT])))
    if meant:
        message += f"; did you mean {in_words([f'`{name}`' for name in meant])}?"
    yield Hit(place.start, end, message)


def _meant(names: list[str]) -> list[str]:
    """The fields that names are slips of, if most names are a kind's fields or slips of them."""
    best: list[str] = []
    for kind in KIND_NAMES:
        fields = fields_anywhere(kind)
        near = [found for name in names if (found := nearest(name, fields)) is not None]
        if len(near) > max(len(best), len(names) // 2):
            best = near
    return [name for name in dict.fromkeys(best) if name not in names]


def _shown(node: Node) -> str:
    if not isinstance(node, Message):
        return f"`{clip(node.name)}`"
    inner = list(dict.fromkeys(clip(it.name) for it in node.fields if it.name))
    more = " ..." if len(inner) > _SHOWN else ""
    return f"`{clip(node.name)} {{ {' '.join(inner[:_SHOWN])}{more} }}`"
