"""Losses that take a softmax or sigmoid of what went through one already."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from loss_nets import (
    ACCURACY,
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

from protofix.files import source_of_bytes

TWICE = "SoftmaxWithLoss"
IN_TWO = "MultinomialLogisticLoss"
SIGMOID_LOSS = "SigmoidCrossEntropyLoss"
CODE_OF = {TWICE: "PF407", IN_TWO: "PF408", SIGMOID_LOSS: "PF409"}


def reads(type: str) -> str:
    return loss_of(type, "prob", "label")


class Mended(NamedTuple):
    """A net with a loss of a type, and what becomes of it; what is safe needs no leave."""

    type: str
    before: str
    after: str
    safe: bool = False


FLAT = 'layer { name: "flat" type: "Flatten" bottom: "prob" top: "flat" }'
RELU = 'layer { name: "relu" type: "ReLU" bottom: "prob" top: "prob" }'
IN_PLACE = 'layer { name: "prob" type: "Softmax" bottom: "fc" top: "fc" }'
SPLIT = 'layer { name: "split" type: "Split" bottom: "prob" top: "a" top: "b" }'
IN_TEST = " include { phase: TEST } }"
IN_TRAIN = " include { phase: TRAIN } }"

MENDED = {
    "a softmax twice": Mended(
        TWICE,
        net(FED, FC, SOFTMAX, reads(TWICE)),
        net(FED, FC, loss_of(TWICE, "fc", "label")),
    ),
    "a Softmax that an Accuracy reads too": Mended(
        TWICE,
        net(FED, FC, SOFTMAX, ACCURACY, reads(TWICE)),
        net(FED, FC, SOFTMAX, ACCURACY, loss_of(TWICE, "fc", "label")),
    ),
    "over a map": Mended(
        TWICE,
        net(FED_MAPS, CONV, SOFTMAX, reads(TWICE)),
        net(FED_MAPS, CONV, loss_of(TWICE, "fc", "label")),
    ),
    "through a ReLU in place and a Flatten": Mended(
        TWICE,
        net(FED, FC, SOFTMAX, RELU, FLAT, loss_of(TWICE, "flat", "label")),
        net(FED, FC, loss_of(TWICE, "fc", "label")),
    ),
    "through a Split": Mended(
        TWICE,
        net(FED, FC, SOFTMAX, SPLIT, loss_of(TWICE, "a", "label"), ACCURACY.replace("prob", "b")),
        net(
            FED,
            FC,
            SOFTMAX,
            SPLIT.replace(' top: "a"', ""),
            loss_of(TWICE, "fc", "label"),
            ACCURACY.replace("prob", "b"),
        ),
    ),
    "a Softmax in place": Mended(
        TWICE,
        net(FED, FC, IN_PLACE, loss_of(TWICE, "fc", "label")),
        net(FED, FC, loss_of(TWICE, "fc", "label")),
    ),
    "a Softmax for each phase": Mended(
        TWICE,
        net(
            FED,
            FC,
            SOFTMAX.removesuffix(" }") + IN_TRAIN,
            SOFTMAX.replace('name: "prob"', 'name: "p2"').removesuffix(" }") + IN_TEST,
            reads(TWICE),
        ),
        net(FED, FC, loss_of(TWICE, "fc", "label")),
    ),
    "a sigmoid twice": Mended(
        SIGMOID_LOSS,
        net(FED, FC, SIGMOID, reads(SIGMOID_LOSS)),
        net(FED, FC, loss_of(SIGMOID_LOSS, "fc", "label")),
    ),
    "a sigmoid that is given out too": Mended(
        SIGMOID_LOSS,
        net(FED, FC, SIGMOID, reads(SIGMOID_LOSS).removesuffix(" }") + IN_TRAIN),
        net(
            FED, FC, SIGMOID, loss_of(SIGMOID_LOSS, "fc", "label", more="include { phase: TRAIN }")
        ),
    ),
    "a softmax in a layer of its own": Mended(
        IN_TWO,
        net(FED, FC, SOFTMAX, reads(IN_TWO)),
        net(FED, FC, loss_of(TWICE, "fc", "label")),
        safe=True,
    ),
    "of which the weight stays and what was never read goes": Mended(
        IN_TWO,
        net(
            FED,
            FC,
            SOFTMAX,
            loss_of(
                IN_TWO,
                "prob",
                "label",
                more="loss_weight: 0.5 loss_param { normalization: NONE } "
                "softmax_param { axis: 0 } propagate_down: true propagate_down: false",
            ),
        ),
        net(
            FED,
            FC,
            loss_of(
                TWICE,
                "fc",
                "label",
                more="loss_weight: 0.5 propagate_down: true propagate_down: false",
            ),
        ),
        safe=True,
    ),
    "whose axis and engine go with it": Mended(
        IN_TWO,
        net(
            FED,
            FC,
            SOFTMAX.removesuffix(" }") + " softmax_param { axis: -1 engine: CAFFE } }",
            reads(IN_TWO),
        ),
        net(
            FED,
            FC,
            loss_of(TWICE, "fc", "label", more="softmax_param { axis: -1 engine: CAFFE }"),
        ),
        safe=True,
    ),
    "in the V1 format": Mended(
        IN_TWO,
        'input: "data" input_dim: 4 input_dim: 8 input_dim: 1 input_dim: 1\n'
        'input: "label" input_dim: 4 input_dim: 1 input_dim: 1 input_dim: 1\n'
        'layers { name: "prob" type: SOFTMAX bottom: "data" top: "prob" }\n'
        'layers { name: "loss" type: MULTINOMIAL_LOGISTIC_LOSS bottom: "prob" bottom: "label" }\n',
        'input: "data" input_dim: 4 input_dim: 8 input_dim: 1 input_dim: 1\n'
        'input: "label" input_dim: 4 input_dim: 1 input_dim: 1 input_dim: 1\n'
        'layers { name: "loss" type: SOFTMAX_LOSS bottom: "data" bottom: "label" }\n',
        safe=True,
    ),
    "of scores whose shape is not told": Mended(
        IN_TWO,
        net(UNTOLD, SOFTMAX.replace("fc", "data"), reads(IN_TWO)),
        net(UNTOLD, loss_of(TWICE, "data", "label")),
    ),
}


@pytest.mark.parametrize("title", MENDED, ids=lambda title: title.replace(" ", "-"))
def test_losses_are_given_scores(title: str) -> None:
    type, before, after, safe = MENDED[title]
    code = CODE_OF[type]
    assert mended(before, code) == (after if safe else before)
    assert mended(before, code, unsafe=True) == after
    assert len(said_of(before, code)) == 1
    assert said_of(after, code) == []


CASES = sorted(path.parent for path in (ROOT / "fixtures" / "fuse").glob("*/before.prototxt"))
RELATIVES = {TWICE: "SOFTMAX_LOSS", IN_TWO: "MULTINOMIAL_LOGISTIC_LOSS"}
# Along axis 2, where a SoftmaxWithLoss that says nothing takes axis 1.
OTHER_AXIS = "axis_and_engine"


@pytest.mark.parametrize("type", RELATIVES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nets_that_may_be_fused_may_be_so_with_other_losses(case: Path, type: str) -> None:
    source = source_of_bytes((case / "before.prototxt").read_bytes(), "net.prototxt")
    text = source.text.replace("InfogainLoss", type).replace("INFOGAIN_LOSS", RELATIVES[type])
    before = said_of(text, CODE_OF[type])
    after = said_of(mended(text, CODE_OF[type], unsafe=True), CODE_OF[type])
    kept = [said for said in before if "; to be mended by hand: " in said or "not to be" in said]
    assert after == kept
    assert (kept == before) is (not before or (case.name, type) == (OTHER_AXIS, TWICE))


# What is said and not mended: the reason is told behind the finding.
REFUSED = {
    "along another axis": (
        TWICE,
        net(
            FED_MAPS,
            CONV,
            SOFTMAX.removesuffix(" }") + " softmax_param { axis: 2 } }",
            reads(TWICE),
        ),
        "Softmax `prob` works along axis 2, `loss` along axis 1",
    ),
    "a map that is flattened": (
        TWICE,
        net(FED_MAPS, CONV, SOFTMAX, FLAT, loss_of(TWICE, "flat", "label")),
        "Flatten `flat` reshapes probabilities that are or may be a map",
    ),
    "a Softmax that is a loss too": (
        TWICE,
        net(FED, FC, SOFTMAX.removesuffix(" }") + " loss_weight: 1 }", reads(TWICE)),
        "Softmax `prob` has loss_weight 1: it is a loss too",
    ),
    "a softmax of a softmax": (
        TWICE,
        net(
            FED,
            FC,
            SOFTMAX.replace('top: "prob"', 'top: "p"'),
            SOFTMAX.replace('name: "prob"', 'name: "p"').replace('"fc"', '"p"'),
            reads(TWICE),
        ),
        "`p` is a softmax of the softmax `prob`",
    ),
    "a sigmoid of a sigmoid": (
        SIGMOID_LOSS,
        net(
            FED,
            FC,
            SIGMOID.replace('top: "prob"', 'top: "p"'),
            SIGMOID.replace('name: "prob"', 'name: "p"').replace('"fc"', '"p"'),
            reads(SIGMOID_LOSS),
        ),
        "`p` is a sigmoid of the sigmoid `prob`",
    ),
    "a Sigmoid whose gradient is kept back": (
        SIGMOID_LOSS,
        net(FED, FC, SIGMOID.removesuffix(" }") + " propagate_down: false }", reads(SIGMOID_LOSS)),
        "`prob` has propagate_down false: it keeps the gradient back",
    ),
}


TWO = net(
    FED,
    FC,
    SOFTMAX.replace('"prob"', '"a"'),
    SOFTMAX.replace('"prob"', '"b"'),
)
MEAN = 'layer { name: "mean" type: "Eltwise" bottom: "a" bottom: "b" top: "m" '
JOINED = 'layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "m" }'
# What is made of the probabilities of several layers, or of a part of them.
MIXED = {
    "an average of softmaxes": (
        TWICE,
        net(TWO, MEAN + "eltwise_param { coeff: 0.5 coeff: 0.5 } }", loss_of(TWICE, "m", "label")),
        "`m`, what Eltwise `mean` made of the probabilities of Softmax `a` and `b`",
    ),
    "the largest of softmaxes": (
        TWICE,
        net(TWO, MEAN + "eltwise_param { operation: MAX } }", loss_of(TWICE, "m", "label")),
        "`m`, what Eltwise `mean` made of the probabilities of Softmax `a` and `b`",
    ),
    "sigmoids in a row": (
        SIGMOID_LOSS,
        net(TWO.replace("Softmax", "Sigmoid"), JOINED, loss_of(SIGMOID_LOSS, "m", "label")),
        "`m`, what Concat `cat` made of the probabilities of Sigmoid `a` and `b`",
    ),
    "a slice of a softmax, through a ReLU": (
        TWICE,
        net(
            FED,
            FC,
            SOFTMAX,
            RELU,
            'layer { name: "cut" type: "Slice" bottom: "prob" top: "m" top: "n" }',
            loss_of(TWICE, "m", "label"),
        ),
        "`m`, what Slice `cut` made of the probabilities of Softmax `prob`",
    ),
}


@pytest.mark.parametrize("title", MIXED, ids=lambda title: title.replace(" ", "-"))
def test_mixtures_are_said_and_not_mended(title: str) -> None:
    type, text, reads = MIXED[title]
    name = "softmax" if type == TWICE else "sigmoid"
    assert said_of(text, CODE_OF[type]) == [
        f"`loss` applies {name} itself, yet reads {reads}: let it read scores"
    ]
    assert mended(text, CODE_OF[type], unsafe=True) == text


# What there is to do where the blob that the activation reads is not what the loss shall read.
TO_DO = {
    "a softmax of a softmax": (
        net(
            FED,
            FC,
            SOFTMAX.replace('top: "prob"', 'top: "p"'),
            SOFTMAX.replace('name: "prob"', 'name: "p"').replace('"fc"', '"p"'),
            reads(TWICE),
        ),
        "let it read the scores before the first Softmax",
    ),
    "in place in one phase": (
        net(FED, FC, IN_PLACE.removesuffix(" }") + IN_TEST, loss_of(TWICE, "fc", "label")),
        "give `prob` a top of its own, so that the loss reads the scores",
    ),
}


@pytest.mark.parametrize("title", TO_DO, ids=lambda title: title.replace(" ", "-"))
def test_what_is_to_be_done_is_said(title: str) -> None:
    text, advice = TO_DO[title]
    [said] = said_of(text, "PF407")
    assert f": {advice}; to be mended by hand: " in said


@pytest.mark.parametrize("title", REFUSED, ids=lambda title: title.replace(" ", "-"))
def test_what_is_not_mended_says_why(title: str) -> None:
    type, text, reason = REFUSED[title]
    [said] = said_of(text, CODE_OF[type])
    assert said.endswith(f"; to be mended by hand: {reason}")
    assert mended(text, CODE_OF[type], unsafe=True) == text


FINE = {
    "scores": net(FED, FC, SOFTMAX, loss_of(TWICE, "fc", "label")),
    "probabilities that are sharpened": net(
        FED,
        FC,
        SOFTMAX,
        'layer { name: "p" type: "Power" bottom: "prob" top: "sharp" power_param { scale: 20 } }',
        loss_of(TWICE, "sharp", "label"),
    ),
    "probabilities that are weighed up": net(
        TWO, MEAN + "eltwise_param { coeff: 9 coeff: 9 } }", loss_of(TWICE, "m", "label")
    ),
    "probabilities beside scores": net(
        TWO, JOINED.replace('"b"', '"fc"'), loss_of(TWICE, "m", "label")
    ),
    "sigmoids in a row before a SoftmaxWithLoss": net(
        TWO.replace("Softmax", "Sigmoid"), JOINED, loss_of(TWICE, "m", "label")
    ),
    "scores made of probabilities": net(
        FED, FC, SOFTMAX, FC.replace('"fc"', '"fc2"').replace("data", "prob"),
        loss_of(TWICE, "fc2", "label"),
    ),
    "logarithms of probabilities": net(
        FED,
        FC,
        SOFTMAX,
        'layer { name: "log" type: "Log" bottom: "prob" top: "log" }',
        loss_of(TWICE, "log", "label"),
    ),
    "a Softmax before a SigmoidCrossEntropyLoss": net(FED, FC, SOFTMAX, reads(SIGMOID_LOSS)),
    "a Sigmoid before a SoftmaxWithLoss": net(FED, FC, SIGMOID, reads(TWICE)),
    "a Softmax before a EuclideanLoss": net(FED, FC, SOFTMAX, reads("EuclideanLoss")),
    "probabilities of another making": net(FED, FC, SIGMOID, reads(IN_TWO)),
    "labels that went through a Softmax": net(
        FED, FC, SOFTMAX, loss_of("SigmoidCrossEntropyLoss", "fc", "prob")
    ),
    "a map before a MultinomialLogisticLoss": net(FED_MAPS, CONV, SOFTMAX, reads(IN_TWO)),
}  # fmt: skip


@pytest.mark.parametrize("title", FINE, ids=lambda title: title.replace(" ", "-"))
def test_what_is_meant_is_let_be(title: str) -> None:
    assert [said_of(FINE[title], code) for code in CODE_OF.values()] == [[], [], []]


def test_it_is_said_at_what_the_loss_reads() -> None:
    assert said_of(net(FED, FC, SOFTMAX, reads(TWICE)), "PF407") == [
        "`loss` applies softmax itself, yet reads `prob`, the probabilities that Softmax `prob` "
        "makes of `fc`: let it read `fc`"
    ]
    assert said_of(net(FED, FC, SIGMOID, reads(SIGMOID_LOSS)), "PF409") == [
        "`loss` applies sigmoid itself, yet reads `prob`, the probabilities that Sigmoid `prob` "
        "makes of `fc`: let it read `fc`"
    ]
    assert said_of(net(FED, FC, SOFTMAX, reads(IN_TWO)), "PF408") == [
        "`loss` reads `prob`, the probabilities that Softmax `prob` makes of `fc`: a "
        "SoftmaxWithLoss of `fc` is both in one, and its gradient is right where a probability "
        "underflows"
    ]
