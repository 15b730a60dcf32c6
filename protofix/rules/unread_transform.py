"""A transformation field in a data layer's own message, where today's `layer` does not read it.

`scale`, `mean_file`, `crop_size` and `mirror` are still fields of `data_param` and
`image_data_param`, so that Caffe takes the file; but only of `layers` in the V1 format does it move
them to `transform_param`. In a `layer` they have no effect, without a word: images come as they are
stored, neither cropped nor scaled.

Wrong:

    layer { name: "data" type: "Data" top: "data"
            data_param { source: "train_lmdb" batch_size: 64 mirror: true } }

Right:

    layer { name: "data" type: "Data" top: "data" transform_param { mirror: true }
            data_param { source: "train_lmdb" batch_size: 64 } }
"""

from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.names import in_words
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import Block, append_field, style_of, take_fields_out
from protofix.textproto.tree import Document, Field, Message, Node
from protofix.upgrade.facts import TRANSFORM_FIELDS

CODE = "PF208"
NAME = "unread-transform"
SEVERITY = "warning"
MEETS = "never"

_PARAMS = {"Data": "data_param", "ImageData": "image_data_param"}


def _check(view: NetView) -> Iterator[Hit]:
    for layer in view.kept(view.net.layers):
        param = layer.param(_PARAMS.get(layer.type, "")) if layer.format == 2 else None
        fields = [node for node in param.fields if node.name in TRANSFORM_FIELDS] if param else []
        if param is None or not fields:
            continue
        names = in_words([f"`{node.name}`" for node in fields])
        message = (
            f"Caffe reads {names} of {subject_of(layer)} in `transform_param` alone, not in "
            f"`{param.name}`: move {'it' if len(fields) == 1 else 'them'} there"
        )
        fix = _fix(view.net.document, layer, param, fields)
        yield Hit(fields[0].start, fields[0].name_end, message, fix)


def _fix(document: Document, layer: Layer, param: Message, fields: list[Node]) -> Fix | None:
    """Move the fields; None if the other message has one of them already."""
    transform = layer.param("transform_param")
    given = {node.name for node in transform.fields} if transform else set()
    if not all(isinstance(node, Field) and node.name not in given for node in fields):
        return None
    style = style_of(document)
    text = document.text
    blocks = tuple(
        Block(node.name, text[node.value_start : node.end])
        for node in fields
        if isinstance(node, Field)
    )
    edits = take_fields_out(document, param, fields, layer.node, style)
    if transform is None:
        whole = Block("transform_param", blocks)
        edits.append(append_field(document, layer.node, whole, style))
    else:
        edits += (append_field(document, transform, block, style) for block in blocks)
    return Fix("move it into `transform_param`", tuple(edits), safe=False)


check = of_nets(_check)
