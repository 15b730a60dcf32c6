"""A net that has its inputs as fields of its own, in place of an Input layer.

Since 2016 Caffe makes an Input layer of them whenever it reads the net. As fields they stand for
all states, and their four dimensions are counted off from one list for all.

Fields without any shape Caffe takes out: where a layer makes the blob, they only mislead.

A fork that is older than the Input layer needs the fields; nothing is said of its nets.

Wrong:

    input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }

Wrong:

    input: "data"
    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
"""

from collections.abc import Iterable, Iterator

from protofix.net.layers import BlobName, Net
from protofix.net.names import in_words
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.upgrading import LAYERS, Old, old_format
from protofix.upgrade.facts import Step

CODE = "PF204"
NAME = "input-fields"
SEVERITY = "info"

_FIELDS = ("input", "input_shape", "input_dim")
_STEPS: tuple[Step, ...] = (*LAYERS, "input")


def _inputs(net: Net) -> Old | None:
    if not net.inputs:
        return None
    first = min((node for node in net.fields if node.name in _FIELDS), key=lambda it: it.start)
    said = f"the net has {_names(net.inputs)} as `input` fields of old: write a layer of type Input"
    return Old(first, said)


def _unshaped(net: Net) -> Old | None:
    if not net.unshaped_inputs:
        return None
    them = "it" if len(net.unshaped_inputs) == 1 else "them"
    names = _names(net.unshaped_inputs)
    said = f"Caffe makes nothing of {names} as `input` without a shape: take {them} out"
    return Old(net.unshaped_inputs[0].field, said)


def _names(blobs: Iterable[BlobName]) -> str:
    return in_words([f"`{blob.name}`" for blob in blobs])


_check_inputs = old_format(_inputs, _STEPS, "write an Input layer, as `protofix upgrade` does")
_check_unshaped = old_format(
    _unshaped, _STEPS, "take out what Caffe makes nothing of, as `protofix upgrade` does"
)


def check(context: Context) -> Iterator[Hit]:
    """Say nothing where Caffe makes no Input layer of them, for want of shapes, as PF312 says."""
    yield from (hit for hit in _check_inputs(context) if hit.fix is not None)
    yield from _check_unshaped(context)
