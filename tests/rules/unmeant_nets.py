"""Layers to make small nets of, and what the rules on unmeant nets say of such a net."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

import protofix

CODES = tuple(f"PF{number}" for number in range(321, 330))

Table = dict[str, tuple[list[str], list[str]]]
"""What is tried: the layers of a net, and what is said of it."""

DATA = 'layer { name: "data" type: "Data" top: "data" top: "label" }'
IMAGES = 'layer { name: "data" type: "ImageData" top: "data" top: "label" }'
FED = (
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 8 } } }\n'
    'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }'
)
IMAGE = (
    'layer { name: "data" type: "Input" top: "data" '
    "input_param { shape { dim: 4 dim: 3 dim: 32 dim: 32 } } }"
)
FC = (
    'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" '
    "inner_product_param { num_output: 10 } }"
)
ONE = FC.replace("10", "1")
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }'
ACCURACY = 'layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" }'
PROB = 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }'
EUCLID = 'layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "fc2" top: "loss" }'
CONV = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" '
    "convolution_param { num_output: 8 kernel_size: 3 } }"
)


def plus(layer: str, more: str) -> str:
    """A layer with more fields."""
    return f"{layer.removesuffix('}')}{more} }}"


def warnings(text: str, path: str = "net.prototxt") -> list[str]:
    """What the rules of this file's subject say of a net, with their codes."""
    found = protofix.check(text, path)
    assert not [one for one in found if one.code.startswith("PF0")]
    assert all(one.severity == "warning" for one in found if one.code in CODES)
    return [f"{one.code} {one.message}" for one in found if one.code in CODES]


def net(*layers: str) -> str:
    return "\n".join(layers)


def says(tables: Mapping[str, Table]) -> Callable[[str, str], None]:
    """The test that a rule says of each net of its table, by its code, what is written there."""
    cases = [(code, title) for code, table in tables.items() for title in table]

    @pytest.mark.parametrize(("code", "title"), cases, ids=lambda part: part.replace(" ", "-"))
    def test(code: str, title: str) -> None:
        layers, said = tables[code][title]
        found = [one for one in warnings(net(*layers)) if one.startswith(code)]
        assert found == said, f"{found}, not {said}"

    return test
