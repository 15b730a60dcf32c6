"""Layers to make small nets with losses of, what is said of such a net, and what becomes of it."""

from __future__ import annotations

from mending import as_told

from protofix.linting.checking import Question, check_source
from protofix.linting.fixing import fix_source
from protofix.rulebook.context import Target
from protofix.textproto.source import Source

FED = (
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 8 } } }\n'
    'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }'
)
FED_MAPS = (
    'layer { name: "data" type: "Input" top: "data" '
    "input_param { shape { dim: 2 dim: 3 dim: 6 dim: 6 } } }\n"
    'layer { name: "label" type: "Input" top: "label" '
    "input_param { shape { dim: 2 dim: 1 dim: 6 dim: 6 } } }"
)
UNTOLD = 'layer { name: "data" type: "Python" top: "data" top: "label" }'
FC = (
    'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" '
    "inner_product_param { num_output: 10 } }"
)
CONV = (
    'layer { name: "fc" type: "Convolution" bottom: "data" top: "fc" '
    "convolution_param { num_output: 10 kernel_size: 1 } }"
)
SOFTMAX = 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }'
SIGMOID = SOFTMAX.replace("Softmax", "Sigmoid")
ACCURACY = 'layer { name: "acc" type: "Accuracy" bottom: "prob" bottom: "label" top: "acc" }'


def loss_of(type: str, *bottoms: str, more: str = "") -> str:
    """A loss of a type that reads these blobs."""
    read = " ".join(f'bottom: "{bottom}"' for bottom in bottoms)
    return f'layer {{ name: "loss" type: "{type}" {read} top: "loss"{more and " "}{more} }}'


def net(*layers: str) -> str:
    return "\n".join(layers) + "\n"


def said_of(text: str, code: str, target: Target = "fused") -> list[str]:
    """What a rule says of a net."""
    checked = check_source(Source(text, "net.prototxt"), Question(target=target))
    assert not checked.failures
    return [it.message for it in as_told(checked.findings) if it.code == code]


def mended(text: str, code: str, unsafe: bool = False, target: Target = "fused") -> str:
    """What becomes of a net by the fixes of one rule; a second run must change nothing."""
    question = Question(codes=frozenset({code}), target=target)
    fixed = fix_source(Source(text, "net.prototxt"), question, unsafe)
    again = fix_source(fixed.after, question, unsafe)
    assert not fixed.failures
    assert again.after.text == fixed.after.text
    return fixed.after.text
