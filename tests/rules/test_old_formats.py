"""Old formats: what is said of a net in one, what is not, and what the upgrade makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protofix.linting.checking import EVERYTHING, check_source
from protofix.linting.fixing import fix_source
from protofix.net.dialects import known_dialect
from protofix.rulebook.findings import Finding
from protofix.textproto.edits import apply_edits
from protofix.textproto.source import Source

INPUT = "input: 'x' input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n"
V1 = "layers { name: 'r' type: RELU bottom: 'x' top: 'x' }\n"
V0 = "layers { layer { name: 'r' type: 'relu' } bottom: 'x' top: 'x' }\n"
TODAY = "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }\n"
QUOTED = TODAY.replace("layer", "layers")
MADE = "layer { name: 'x' type: 'Python' top: 'x' top: 'y' top: 'H' }\n"


def old(text: str, **question: object) -> list[Finding]:
    asked = replace(EVERYTHING, **question)  # type: ignore[arg-type]
    found = check_source(Source(text), asked).findings
    return [it for it in found if it.code.startswith("PF2")]


# A net, and what is said of it: line, column and code.
SAID = {
    # Once a net and step, at the first place.
    INPUT + V0 + V0: [(1, 1, "PF204"), (2, 1, "PF202")],
    INPUT + V1 + V1: [(1, 1, "PF204"), (2, 1, "PF203")],
    TODAY + INPUT: [(2, 1, "PF204")],
    "input_shape { dim: 2 }\ninput: 'x'\n" + TODAY: [(1, 1, "PF204")],
    "net_param {\n" + INPUT + V1 + "}\nbase_lr: 0.1\n": [(2, 1, "PF204"), (3, 1, "PF203")],
    # A mixture is a mistake, and said as one.
    INPUT + V1 + TODAY: [(2, 1, "PF201")],
    # Caffe itself makes nothing of inputs without a shape.
    "input: 'x'\n" + TODAY: [],
    "input_dim: 1\n" + MADE + TODAY: [],
    "input: 'x'\n" + MADE + TODAY: [(1, 1, "PF204")],
    MADE + TODAY + "input: 'x'\n": [(3, 1, "PF204")],
    "input: 'x'\n" + MADE + V1: [(3, 1, "PF201")],
    # What is today's already, or means nothing to these steps.
    MADE + TODAY: [],
    "layer { type: 'BatchNorm' bottom: 'x' top: 'x' param { lr_mult: 0 } param { lr_mult: 0 } "
    "param { lr_mult: 0 } }": [],
    "layer { type: 'BatchNorm' bottom: 'x' top: 'x' param { lr_mult: 1 } }": [],
    "layer { type: 'Concat' bottom: 'x' top: 'z' concat_param { axis: 1 } }": [],
    # Caffe refuses both, and nobody knows which is meant.
    "layer { type: 'Concat' bottom: 'x' top: 'z' concat_param { concat_dim: 1 axis: 1 } }": [],
    # Which PF411 and PF415 say.
    "layer { name: 'l' type: 'EuclideanLoss' bottom: 'x' bottom: 'y' top: 'l' "
    "loss_param { normalize: true } }": [],
    "layer { name: 'l' type: 'Accuracy' bottom: 'x' bottom: 'y' top: 'l' "
    "loss_param { normalize: true } }": [],
    "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' top: 'l' "
    "loss_param { normalize: true } }": [(1, 89, "PF207")],
    # Which PF404 says.
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'H' top: 'l' "
    "loss_param { normalize: true } }": [],
}


@pytest.mark.parametrize("text", SAID, ids=repr)
def test_what_is_said(text: str) -> None:
    source = Source(text)
    assert [(*source.position(it.start), it.code) for it in old(text)] == SAID[text]


@pytest.mark.parametrize("text", [INPUT + V0, INPUT + V1, INPUT + TODAY], ids=repr)
def test_a_caffe_of_old_wants_the_formats_of_old(text: str) -> None:
    assert old(text)
    assert old(text, target="legacy") == []


def test_a_fork_without_an_input_layer_needs_the_fields() -> None:
    fork = known_dialect("fastrcnn")
    assert "input_param" not in fork.schema.messages["LayerParameter"].fields
    assert old(INPUT + TODAY, dialect="fastrcnn") == []
    assert [it.code for it in old(INPUT + V1, dialect="fastrcnn")] == ["PF203"]
    unshaped = "input: 'x'\n" + MADE + TODAY
    assert old(unshaped, dialect="fastrcnn") == []
    found = check_source(Source(unshaped), replace(EVERYTHING, dialect="fastrcnn")).findings
    assert "PF312" in [it.code for it in found]


def test_the_first_parameters_of_the_old_batch_norm_of_nvidia_are_learned() -> None:
    text = "layer { type: 'BatchNorm' bottom: 'x' top: 'x' " + "param { lr_mult: 1 } " * 3 + "}"
    assert [it.code for it in old(text)] == ["PF206"]
    assert old(text, dialect="nvidia015") == []


# Nets of which the upgrade leaves something for a person to decide.
INCOMPLETE = {
    "layers { name: 'a' type: WIBBLE bottom: 'x' top: 'x' }\n": ["PF203"],
    "layers { layer { name: 'a' type: 'relu' stride: 2 } bottom: 'x' top: 'x' }\n": ["PF202"],
    "layers { name: 'a' type: RELU bottom: 'x' top: 'x' blobs_lr: 1 param { lr_mult: 1 } }\n": [
        "PF203"
    ],
}


# Nets in `layers` of a fork that nobody knows, which may read no `layer` and have no Input.
UNKNOWN_FORKS = [
    INPUT + "strict_dim: false\n" + V1,
    INPUT + "layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' "
    "convolution_param { num_output: 3 kernel_size: 3 hole: 2 } }\n",
    "layers { name: 'd' type: IMAGE_SEG_DATA top: 'x' top: 'y' }\n" + V1,
    INPUT + V1.replace(" }", " softmaxloss_param { weight_source: 'w' } }"),
]


@pytest.mark.parametrize("text", UNKNOWN_FORKS, ids=repr)
def test_a_net_of_an_unknown_fork_is_let_be(text: str) -> None:
    found = old(text)
    assert [(it.code, it.fix) for it in found] == [("PF203", None)]


def test_a_list_where_one_value_goes_is_of_no_fork() -> None:
    found = old(INPUT + V1.replace(" }", " inner_product_param { num_output: [3, 4] } }"))
    assert [(it.code, it.fix is not None and it.fix.safe) for it in found] == [
        ("PF204", True),
        ("PF203", True),
    ]


@pytest.mark.parametrize("text", INCOMPLETE, ids=repr)
def test_what_the_upgrade_leaves_has_no_fix(text: str) -> None:
    found = old(text)
    assert [it.code for it in found] == INCOMPLETE[text]
    assert [it.fix for it in found] == [None]


# A net, and what all safe fixes make of it.
MENDED = {
    INPUT + V1: (
        "layer {\n"
        "  name: 'input'\n"
        "  type: 'Input'\n"
        "  top: 'x'\n"
        "  input_param {\n"
        "    shape {\n"
        "      dim: 1\n"
        "      dim: 3\n"
        "      dim: 8\n"
        "      dim: 8\n"
        "    }\n"
        "  }\n"
        "}\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }\n"
    ),
    "layer {\n  type: 'Slice' # in two\n  bottom: 'x'\n  top: 'a'\n  top: 'b'\n"
    "  slice_param { slice_dim: 1 }\n}\n": (
        "layer {\n  type: 'Slice' # in two\n  bottom: 'x'\n  top: 'a'\n  top: 'b'\n"
        "  slice_param { axis: 1 }\n}\n"
    ),
}


@pytest.mark.parametrize("text", MENDED, ids=repr)
def test_what_becomes_of_it(text: str) -> None:
    fixed = fix_source(Source(text))
    assert fixed.failures == ()
    assert fixed.after.text == MENDED[text]
    assert old(fixed.after.text) == []


# A letter too many, and what unsafe fixes make of it: the type is right as it is.
FED = "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 } } }\n"
MIXED = {
    FED + TODAY + QUOTED: FED + TODAY + TODAY,
    FED + QUOTED + V1 + V1: FED + TODAY + TODAY + TODAY,
}


@pytest.mark.parametrize("text", MIXED, ids=repr)
def test_a_type_in_quotes_of_layers_among_layer(text: str) -> None:
    wrong = [it.code for it in check_source(Source(text)).findings if it.severity == "error"]
    assert wrong == ["PF201"]
    assert fix_source(Source(text)).after.text == text
    assert fix_source(Source(text), unsafe=True).after.text == MIXED[text]


def test_a_type_in_quotes_of_layers_alone() -> None:
    found = check_source(Source(INPUT + V1 + QUOTED)).findings
    titles = [it.fix.title for it in found if it.fix and it.code == "PF102"]
    assert titles == ["write `RELU`"]


# Data layers of today whose own message has what only V1 reads there, and the layers mended.
UNREAD = {
    "layer {\n  type: 'Data'\n  top: 'x'\n  data_param {\n    mirror: true # both ways\n"
    "    source: 'x'\n    scale: 2\n  }\n}\n": (
        "# both ways\nlayer {\n  type: 'Data'\n  top: 'x'\n  data_param {\n    source: 'x'\n"
        "  }\n  transform_param {\n    mirror: true\n    scale: 2\n  }\n}\n"
    ),
    "layer { type: 'ImageData' top: 'x' transform_param { scale: 2 } "
    "image_data_param { source: 'x' mirror: true } }": (
        "layer { type: 'ImageData' top: 'x' transform_param { scale: 2 mirror: true } "
        "image_data_param { source: 'x' } }"
    ),
    # Neighbours on a line.
    "layer { type: 'Data' top: 'x' data_param { source: 'x' scale: 2 mirror: true } }": (
        "layer { type: 'Data' top: 'x' data_param { source: 'x' } "
        "transform_param { scale: 2 mirror: true } }"
    ),
    "layer {\n  type: 'Data'\n  top: 'x'\n  data_param {\n    source: 'x'\n"
    "    scale: 2 mirror: true\n  }\n}\n": (
        "layer {\n  type: 'Data'\n  top: 'x'\n  data_param {\n    source: 'x'\n  }\n"
        "  transform_param {\n    scale: 2\n    mirror: true\n  }\n}\n"
    ),
    # Which of the two is meant, nobody knows.
    "layer { type: 'Data' top: 'x' transform_param { scale: 2 } data_param { scale: 3 } }": None,
}


@pytest.mark.parametrize("text", UNREAD, ids=repr)
def test_what_a_data_layer_of_today_does_not_read(text: str) -> None:
    [found] = old(text)
    assert (found.code, found.severity) == ("PF208", "warning")
    assert (found.fix and apply_edits(text, found.fix.edits)) == UNREAD[text]


@pytest.mark.parametrize(
    "text",
    [
        "layer { type: 'Data' top: 'x' transform_param { scale: 2 } data_param { source: 'x' } }",
        # It reads its own scale.
        "layer { type: 'WindowData' top: 'x' top: 'y' window_data_param { scale: 2 } }",
        # Of a layer that is not kept, Caffe reads nothing.
        "layer { type: 'Data' top: 'x' data_param { scale: 3 } exclude { } }",
    ],
    ids=repr,
)
def test_what_it_reads_is_no_finding(text: str) -> None:
    assert old(text) == []
