"""Layers of forks that are not known here, and the slips of the pen that come near them."""

from __future__ import annotations

import pytest
from shared_data import ROOT

import protofix
from protofix.linting.checking import Question, check_source
from protofix.rulebook.findings import Finding
from protofix.rulebook.registry import NAMES, ON
from protofix.rulebook.selectors import chosen_codes
from protofix.textproto.source import Source


def of_the_schema(findings: list[Finding]) -> list[Finding]:
    """Those of the family 1xx: the layers here say little more than what is at stake."""
    return [finding for finding in findings if finding.code.startswith("PF1")]


# The layers of forks that are not known here, each with the one finding and what is said of it.
OF_AN_UNKNOWN_FORK = {
    "layer { name: 'b' type: 'Flip' bottom: 'a' top: 'b' flip_param { axis: 3 } }": (
        "PF109",
        "there is no layer type `Flip` in Caffe 1.0, nor in any fork known here, "
        "and no `flip_param`",
    ),
    "layer { name: 'b' type: 'ConvolutionX' bottom: 'a' top: 'b' convolution_x_param { } }": (
        "PF109",
        "there is no layer type `ConvolutionX` in Caffe 1.0, nor in any fork known here, "
        "and no `convolution_x_param`",
    ),
    "layers { name: 'b' type: POOLINGS bottom: 'a' top: 'b' poolings_param { } }": (
        "PF104",
        "V1LayerParameter.LayerType has no value `POOLINGS` in Caffe 1.0, nor in any fork "
        "known here, and no `poolings_param`",
    ),
    # One that no state keeps: Caffe does not look at its type, but does at its fields.
    "layer { name: 'b' type: 'Flip' bottom: 'a' top: 'b' flip_param { } exclude { } }": (
        "PF101",
        "LayerParameter has no field `flip_param` in Caffe 1.0, nor in any fork known here",
    ),
    # Of V1 layers it looks at all types.
    "layers { name: 'b' type: POOLINGS bottom: 'a' top: 'b' poolings_param { } exclude { } }": (
        "PF104",
        "V1LayerParameter.LayerType has no value `POOLINGS` in Caffe 1.0, nor in any fork "
        "known here, and no `poolings_param`",
    ),
}


@pytest.mark.parametrize("text", OF_AN_UNKNOWN_FORK)
def test_a_layer_of_an_unknown_fork_is_one_finding(text: str) -> None:
    v1 = text.startswith("layers")
    data = "layers { name: 'a' type: DUMMY_DATA" if v1 else "layer { name: 'a' type: 'DummyData'"
    net = data + " top: 'a' dummy_data_param { num: 1 channels: 1 height: 1 width: 1 } }\n" + text
    [finding] = of_the_schema(protofix.check(net))
    assert (finding.code, finding.message) == OF_AN_UNKNOWN_FORK[text]
    assert finding.fix is None


FLIP = "layer { type: 'Flip'\n  flip_param { } }"
BN = "layer { type: 'BN'\n  bn_param { } }"
POOLINGS = "layers { type: POOLINGS\n  poolings_param { } }"
IN_QUOTES = "layers { type: 'Scale'\n  scale_param { } }"  # a type that came after `layers`


def hushed(text: str, code: str) -> str:
    """With a comment that asks for findings of a rule on the line of the type to be left out."""
    return text.replace("\n", f"  # protofix: ignore[{code}]\n")


# A layer, the rules that look, and what of the two is said: the type, the field within it.
HALVES = {
    "all look": (FLIP, ["PF1"], ["PF109"]),
    "of a fork that is known": (BN, ["PF1"], ["PF109"]),
    "of V1": (POOLINGS, ["PF1"], ["PF104"]),
    "later than V1": (IN_QUOTES, ["PF1"], ["PF102"]),
    "without the type": (FLIP, ["PF101"], ["PF101"]),
    "without the type, of a fork that is known": (BN, ["PF101"], ["PF101"]),
    "without the type, of V1": (POOLINGS, ["PF101"], ["PF101"]),
    "without the type, later than V1": (IN_QUOTES, ["PF101"], ["PF101"]),
    "the type hushed": (hushed(FLIP, "PF109"), ["PF1"], ["PF101"]),
    "the type hushed, of a fork that is known": (hushed(BN, "PF109"), ["PF1"], ["PF101"]),
    "the type hushed, of V1": (hushed(POOLINGS, "PF104"), ["PF1"], ["PF101"]),
    "the type hushed, later than V1": (hushed(IN_QUOTES, "PF102"), ["PF1"], ["PF101"]),
    "another rule hushed": (hushed(FLIP, "PF104"), ["PF1"], ["PF109"]),
    "another rule on the spot": (FLIP, ["PF101", "PF802"], ["PF101"]),
}


@pytest.mark.parametrize("case", HALVES)
def test_a_field_is_said_unless_its_type_is(case: str) -> None:
    text, rules, expected = HALVES[case]
    question = Question("bvlc", codes=chosen_codes(NAMES, ON, rules))
    found = check_source(Source(text, "net.prototxt"), question).findings
    assert [it.code for it in found if it.code != "PF802"] == expected


@pytest.mark.parametrize(
    "layer",
    [
        "layer { name: 'b' type: 'Flip' bottom: 'a' top: 'b' flip_param { axis: 3 } }",
        "layer { name: 'b' type: 'BN' bottom: 'a' top: 'b' bn_param { } wibble: 1 flip_param { } }",
    ],
)
def test_a_text_that_breaks_off_has_no_finding_more(layer: str) -> None:
    whole, broken = (
        [it.code for it in of_the_schema(protofix.check(text, dialect="ssd"))]
        for text in (layer, layer + " layer { name: ")
    )
    assert "PF109" in whole
    assert broken == whole


# What comes near a layer of an unknown fork, and which rules suggest another name.
SLIPS_IN_LAYERS = {
    "layer { type: 'Convolutoin' convolution_param { num_output: 1 kernel_size: 1 } }": ["PF109"],
    "layer { type: 'Convolution' convolutoin_param { num_output: 1 } }": ["PF101"],
    "layer { type: 'Convolutoin' convolutin_param { num_output: 1 } }": ["PF109", "PF101"],
    "layer { type: 'INNERPRODUCT' innerproduct_param { num_output: 1 } }": ["PF109", "PF101"],
    "layers { type: CONVOLUTOIN convolution_param { num_output: 1 } }": ["PF104"],
}


@pytest.mark.parametrize("text", SLIPS_IN_LAYERS)
def test_slips_in_layers_keep_what_was_meant(text: str) -> None:
    found = of_the_schema(protofix.check(text))
    meant = [it.code for it in found if "did you mean" in it.message and it.fix is not None]
    assert meant == SLIPS_IN_LAYERS[text]


def test_what_a_schema_of_ones_own_lacks_is_no_forks_own() -> None:
    schema = ROOT / "caffe_proto" / "caffe.desc"
    text = "layer { type: 'Convolutoin' convolutoin_param { num_output: 1 } }"
    found = of_the_schema(protofix.check(text, schema=schema))
    assert [(it.code, it.message.rpartition(": ")[2]) for it in found] == [
        ("PF109", "did you mean `Convolution`?"),
        ("PF101", "did you mean `convolution_param`?"),
    ]
