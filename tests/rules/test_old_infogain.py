"""With `target = "legacy"`: what is said of nets for a Caffe from before April 2017."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from loss_nets import (
    CONV,
    FC,
    FED,
    FED_MAPS,
    SIGMOID,
    SOFTMAX,
    UNTOLD,
    loss_of,
    mended,
    net,
    said_of,
)
from shared_data import ROOT

from caffe_proto import base_schema
from protofix.infogain.matrix.reading import read_source
from protofix.linting.checking import Question, check_source
from protofix.textproto.source import Source

H = 'layer { name: "H" type: "Input" top: "H" input_param { shape { SHAPE } } }'
OLD_H = H.replace("SHAPE", "dim: 1 dim: 1 dim: 10 dim: 10")
NEW_H = H.replace("SHAPE", "dim: 10 dim: 10")
NEW_SOFTMAX = """layer {
  name: "fc_prob"
  type: "Softmax"
  bottom: "fc"
  top: "fc_prob"
}"""
ONE_LABEL = 'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }'


def infogain(*bottoms: str, more: str = "") -> str:
    return loss_of("InfogainLoss", *bottoms, more=more)


def codes_of(text: str) -> list[str]:
    """The rules that say something of a net's losses, for the older Caffe."""
    checked = check_source(Source(text, "net.prototxt"), Question(target="legacy"))
    families = ("PF304", "PF306", "PF4")
    return [it.code for it in checked.findings if it.code.startswith(families)]


FINE = {
    "a Softmax in front": net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H")),
    "probabilities of another making": net(
        FED, FC, SIGMOID, OLD_H, infogain("prob", "label", "H")
    ),
    "what nobody knows": net(UNTOLD, infogain("data", "label", "H").replace("H", "label")),
    "a map with an H over all its positions": net(
        FED_MAPS,
        ONE_LABEL,
        H.replace("SHAPE", "dim: 1 dim: 1 dim: 360 dim: 360"),
        CONV,
        SOFTMAX,
        infogain("prob", "y", "H"),
    ),
    "labels with axes of 1": net(
        FED.replace("shape { dim: 4 }", "shape { dim: 4 dim: 1 dim: 1 dim: 1 }"),
        FC,
        SOFTMAX,
        OLD_H,
        infogain("prob", "label", "H"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", FINE, ids=lambda title: title.replace(" ", "-"))
def test_what_the_older_layer_takes(title: str) -> None:
    assert codes_of(FINE[title]) == []


WRONG = {
    "scores": (
        net(FED, FC, OLD_H, infogain("fc", "label", "H")),
        "PF413",
        "`loss` takes the logarithm of what it reads, as Caffe before April 2017 has it, yet `fc` "
        "holds scores: put a Softmax in between",
    ),
    "an axis": (
        net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H",
            more="infogain_loss_param { axis: 1 }")),
        "PF414",
        "`loss` has an `axis`, which InfogainLoss has since April 2017: Caffe before that refuses "
        "the file",
    ),
    "a second top": (
        net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H", more='top: "p"')),
        "PF414",
        "`loss` makes `p` beside its loss, as InfogainLoss does since April 2017: before that it "
        "makes 1 top",
    ),
    "a label at each position": (
        net(FED_MAPS, H.replace("SHAPE", "dim: 1 dim: 1 dim: 360 dim: 360"), CONV, SOFTMAX,
            infogain("prob", "label", "H")),
        "PF414",
        "`loss` reads `label`, 2 × 1 × 6 × 6, but before April 2017 InfogainLoss takes one label "
        "an image: it must be 2 × 1 × 1 × 1",
    ),
    "another batch": (
        net(FED, ONE_LABEL, FC, SOFTMAX, OLD_H, infogain("prob", "y", "H")),
        "PF414",
        "`loss` reads `prob`, 4 × 10, and `y`, 2: the first axis of both is the batch and must be "
        "the same",
    ),
    "an H of two axes": (
        net(FED, FC, SOFTMAX, NEW_H, infogain("prob", "label", "H")),
        "PF414",
        "`loss` reads H from `H`, 10 × 10, but before April 2017 it must be 1 × 1 × 10 × 10",
    ),
    "an H of another size": (
        net(FED, FC, SOFTMAX, OLD_H.replace("dim: 10 }", "dim: 9 }"),
            infogain("prob", "label", "H")),
        "PF414",
        "`loss` reads H from `H`, 1 × 1 × 10 × 9, but before April 2017 it must be 1 × 1 × 10 × 10",
    ),
    "no H": (
        net(FED, FC, SOFTMAX, infogain("prob", "label")),
        "PF403",
        "`loss` has no matrix H: give infogain_loss_param { source } or a third bottom",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", WRONG, ids=lambda title: title.replace(" ", "-"))
def test_what_it_does_not_take(title: str) -> None:
    text, code, said = WRONG[title]
    assert codes_of(text) == [code]
    assert said_of(text, code, "legacy") == [said]
    if code != "PF403":
        assert said_of(text, code) == []


def test_nothing_is_said_of_what_todays_layer_reads_alone() -> None:
    more = 'top: "p" loss_param { normalize: true }'
    text = net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H", more=more))
    assert codes_of(text) == ["PF414", "PF411"]


MENDED = {
    "a Softmax is put in front": (
        net(FED, FC, OLD_H, infogain("fc", "label", "H")),
        net(FED, FC, OLD_H, NEW_SOFTMAX, infogain("fc_prob", "label", "H")),
        "PF413",
    ),
    "it makes the second top": (
        net(FED, FC, OLD_H, infogain("fc", "label", "H",
            more='top: "p" loss_weight: 1 loss_weight: 0 loss_param { normalization: VALID }')),
        net(FED, FC, OLD_H, NEW_SOFTMAX.replace("fc_prob", "p"),
            infogain("p", "label", "H", more="loss_weight: 1")),
        "PF413",
    ),
    "an axis that is the old layer's own": (
        net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H",
            more="infogain_loss_param { axis: 1 }")),
        net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H")),
        "PF414",
    ),
    "an axis of another kind is a person's": (
        net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H",
            more="infogain_loss_param { axis: 0 }")),
        net(FED, FC, SOFTMAX, OLD_H, infogain("prob", "label", "H",
            more="infogain_loss_param { axis: 0 }")),
        "PF414",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", MENDED, ids=lambda title: title.replace(" ", "-"))
def test_it_is_mended_for_the_older_layer(title: str) -> None:
    before, after, code = MENDED[title]
    assert mended(before, code, target="legacy") == after


def test_a_shape_that_is_not_told_makes_the_softmax_a_guess() -> None:
    more = "loss_param { ignore_label: 255 }"
    text = net(FED, FC, OLD_H, infogain("fc", "label", "H", more=more))
    assert mended(text, "PF413", target="legacy") == text
    assert mended(text, "PF413", unsafe=True, target="legacy") == net(
        FED, FC, OLD_H, NEW_SOFTMAX, infogain("fc_prob", "label", "H")
    )


def test_a_loss_that_the_older_layer_has_no_like_of_stays() -> None:
    more = "loss_param { normalization: NONE }"
    text = net(FED, FC, OLD_H, infogain("fc", "label", "H", more=more))
    [said] = said_of(text, "PF413", "legacy")
    assert said.endswith(
        "put a Softmax in between; `loss` has normalization NONE, and the old layer divides by the "
        "batch: take it out, and the batch size into loss_weight"
    )
    assert mended(text, "PF413", unsafe=True, target="legacy") == text


def test_scores_are_told_in_all_states_and_through_other_layers() -> None:
    drop = 'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }'
    total = 'layer { name: "sum" type: "Eltwise" bottom: "fc" bottom: "fc2" top: "sum" }'
    second = FC.replace('"fc"', '"fc2"')
    loss = infogain("sum", "label", "H")
    scores = net(FED, FC, drop, second, total, OLD_H, loss)
    assert len(said_of(scores, "PF413", "legacy")) == 1
    half = net(FED, FC, drop, second.replace("InnerProduct", "Python"), total, OLD_H, loss)
    assert said_of(half, "PF413", "legacy") == []
    by_phase = net(
        FED,
        FC,
        SIGMOID.replace('top: "prob"', 'top: "fc"').removesuffix("}") + "include { phase: TEST } }",
        OLD_H,
        infogain("fc", "label", "H"),
    )
    assert said_of(by_phase, "PF413", "legacy") == []


def test_h_of_a_file_must_have_the_shape_that_the_older_layer_wants(tmp_path: Path) -> None:
    good = ROOT / "fixtures" / "H.binaryproto"
    matrix = read_source(good)
    blob: Any = base_schema().message_class("BlobProto")()
    blob.shape.dim.extend([matrix.classes] * 2)
    blob.data.extend(matrix.values.ravel())
    bad = tmp_path / "H.binaryproto"
    bad.write_bytes(blob.SerializeToString())
    text = net(FED, FC.replace("10", str(matrix.classes)), SOFTMAX)
    text += infogain("prob", "label", more='infogain_loss_param { source: "SOURCE" }')
    assert codes_of(text.replace("SOURCE", str(good))) == []
    assert said_of(text.replace("SOURCE", str(bad)), "PF414", "legacy") == [
        f"`loss` takes H from `{bad}`, 3 × 3, but before April 2017 it must be 1 × 1 × L × L"
    ]
    assert said_of(text.replace("SOURCE", str(bad)), "PF414") == []
