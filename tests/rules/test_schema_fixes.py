"""What mends a text that does not fit the schema, and where a person has to decide."""

from __future__ import annotations

import pytest

import protofix
from protofix.rulebook.findings import Finding
from protofix.textproto.edits import apply_edits

# A text, the code of what is found, the text once that is mended, and whether it is safe.
MENDED = {
    "layer { nmae: 'a' }": ("PF101", "layer { name: 'a' }", False),
    "layer { convolution_param { kernal_size: 3 } }": (
        "PF101",
        "layer { convolution_param { kernel_size: 3 } }",
        False,
    ),
    "layer { type: CONVOLUTION }": ("PF102", 'layer { type: "Convolution" }', True),
    "layer { type: Softmax }": ("PF102", 'layer { type: "Softmax" }', True),
    "layer { name: conv1 }": ("PF102", 'layer { name: "conv1" }', True),
    "layer { bottom: [a, 'b'] }": ("PF102", "layer { bottom: [\"a\", 'b'] }", True),
    "layers { type: 'InnerProduct' }": ("PF102", "layers { type: INNER_PRODUCT }", True),
    "layers { type: 'RELU' }": ("PF102", "layers { type: RELU }", True),
    "layers { type: 'conv' }": ("PF102", "layers { type: CONVOLUTION }", True),
    "layer { pooling_param { pool: 'MAX' } }": (
        "PF102",
        "layer { pooling_param { pool: MAX } }",
        True,
    ),
    "layer { pooling_param { stride: '2' } }": (
        "PF102",
        "layer { pooling_param { stride: 2 } }",
        True,
    ),
    "layer { pooling_param { stride: [2] } }": (
        "PF102",
        "layer { pooling_param { stride: 2 } }",
        True,
    ),
    "layer { param { lr_mult: '0.5' } }": ("PF102", "layer { param { lr_mult: 0.5 } }", True),
    "layer { convolution_param { bias_term: FALSE } }": (
        "PF102",
        "layer { convolution_param { bias_term: false } }",
        True,
    ),
    "layer { pooling_param { stride: 2.0 } }": (
        "PF102",
        "layer { pooling_param { stride: 2 } }",
        True,
    ),
    "layer { pooling_param { pool: AVERAGE } }": (
        "PF104",
        "layer { pooling_param { pool: AVE } }",
        False,
    ),
    "max_iter: 45000.0": ("PF102", "max_iter: 45000", True),
    "max_iter: 1e5": ("PF102", "max_iter: 100000", True),
    "layer { include { phase: test } }": ("PF104", "layer { include { phase: TEST } }", True),
    "layer { include { phase: TSET } }": ("PF104", "layer { include { phase: TEST } }", False),
    "layer { name: 'a' name: 'a' }": ("PF105", "layer { name: 'a' }", True),
    "name: 'a'\nname: \"a\"\n": ("PF105", "name: 'a'\n", True),
    "input_dim [1, 2]": ("PF107", "input_dim: [1, 2]", True),
    "layer { type: 'INNER_PRODUCT' }": ("PF109", "layer { type: 'InnerProduct' }", True),
    'layer { type: "relu" }': ("PF109", 'layer { type: "ReLU" }', True),
    'layer { type: "Convolutoin" }': ("PF109", 'layer { type: "Convolution" }', False),
    "layer { name: 'a' layer { name: 'b' }": (
        "PF101",
        "layer { name: 'a' } layer { name: 'b' }",
        False,
    ),
}


def of_the_schema(text: str, dialect: str = "auto") -> list[Finding]:
    return [it for it in protofix.check(text, dialect=dialect) if it.code.startswith("PF1")]


@pytest.mark.parametrize("text", MENDED, ids=repr)
def test_what_mends_it(text: str) -> None:
    code, after, safe = MENDED[text]
    [found] = of_the_schema(text)
    assert found.fix is not None
    assert (found.code, found.fix.safe) == (code, safe)
    assert apply_edits(text, found.fix.edits) == after
    assert of_the_schema(after) == []


def test_a_filler_whose_type_is_a_slip() -> None:
    text = (
        'layer {{ name: "a" type: "Input" top: "a" input_param {{ shape {{ dim: 1 dim: 3 }} }} }}\n'
        'layer {{ name: "fc" type: "InnerProduct" bottom: "a" top: "fc"\n'
        '  inner_product_param {{ num_output: 2 weight_filler {{ type: "{}" }} }} }}\n'
    )
    [found] = [it for it in protofix.check(text.format("xavir")) if it.code == "PF305"]
    assert found.fix is not None and not found.fix.safe
    assert apply_edits(text.format("xavir"), found.fix.edits) == text.format("xavier")


# Texts with findings for which there is no fix.
LEFT = {
    # Where the field that was meant is there already, and where its value would not fit.
    "layer { name: 'a' nmae: 'b' }": ["PF101"],
    "layer { nmae { } }": ["PF101"],
    # What belongs elsewhere, or is a fork's.
    "layer { type: 'InnerProduct' num_output: 10 }": ["PF101"],
    "layer { bn_param { } }": ["PF101"],
    "layer { include { phase: WIBBLE } }": ["PF104"],
    "layer { type: 'Wibble' }": ["PF109"],
    # Values that say different things, or too little.
    "layer { name: 'a' name: 'b' }": ["PF105"],
    "layer { name: 'a'\n name: 'a' # or b?\n}": ["PF105"],
    "layer { pooling_param { stride: [2, 2] } }": ["PF102"],
    "layer { pooling_param { stride: '2px' } }": ["PF102"],
    "layer { pooling_param { stride: 2.5 } }": ["PF102"],
    "layer { pooling_param { pool: 'MAXIMUM' } }": ["PF102"],
    "layer { convolution_param { bias_term: 'maybe' } }": ["PF102"],
    "layers { type: 'Wibble' }": ["PF102"],
    "layer { name: { } }": ["PF102"],
}


@pytest.mark.parametrize("text", LEFT, ids=repr)
def test_a_person_has_to_mend_it(text: str) -> None:
    found = of_the_schema(text, "bvlc")
    assert [it.code for it in found] == LEFT[text]
    assert all(it.fix is None for it in found)


def test_a_layer_within_a_layer_is_said_without_the_end_of_the_file() -> None:
    text = (
        "layer { name: 'a' type: 'Input' top: 'a' layer { name: 'b' type: 'Silence' bottom: 'a' }"
    )
    assert [it.code for it in protofix.check(text)] == ["PF101"]


def test_of_a_newer_type_in_layers_its_own_fields_are_no_finding() -> None:
    text = "layers { type: 'Input' top: 'x' input_param { shape { dim: 1 } } }"
    [found] = protofix.check(text)
    assert (found.code, found.start) == ("PF102", text.index("'Input'"))
    assert found.fix is not None
    assert apply_edits(text, found.fix.edits) == (
        "layer { type: 'Input' top: 'x' input_param { shape { dim: 1 } } }"
    )
