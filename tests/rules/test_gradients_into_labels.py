"""Losses that are to hand a gradient to their labels or their H, and losses that are not."""

from __future__ import annotations

import pytest
from loss_nets import FC, FED, loss_of, mended, net, said_of

LOSS = loss_of("SoftmaxWithLoss", "fc", "label")
H = 'layer { name: "H" type: "Parameter" top: "H" parameter_param { shape { dim: 10 dim: 10 } } }'
FIXED_H = H.replace("top:", "param { lr_mult: 0 } top:")
GIVEN_H = 'layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 10 dim: 10 } } }'
INFOGAIN = loss_of("InfogainLoss", "fc", "label", "H")
LEARNED = (
    'layer { name: "y" type: "InnerProduct" bottom: "data" top: "y" '
    "inner_product_param { num_output: 1 } }"
)
UNTOLD = LEARNED.replace("InnerProduct", "Python")
GATHERED = 'layer { name: "all" type: "Gather" bottom: "y" bottom: "fc" top: "z" top: "scores" }'
LEFT_OUT = 'layer { name: "z" type: "Dropout" bottom: "y" top: "z" }'
FORCED = "force_backward: true"


def down(*marks: str) -> str:
    return " ".join(f"propagate_down: {mark}" for mark in marks)


# The net, what is asked for a gradient, and what is advised.
ASKED = {
    "labels by a mark": (
        net(FED, FC, LOSS.replace("top:", f"{down('true', 'true')} top:")),
        "labels, `label`",
        "write propagate_down: false for it",
    ),
    "H by a mark": (
        net(FED, FC, GIVEN_H, INFOGAIN.replace("top:", f"{down('1', '0', 't')} top:")),
        "H, `H`",
        "write propagate_down: false for it",
    ),
    "labels that are learned": (
        net(FED, FC, LEARNED, loss_of("SoftmaxWithLoss", "fc", "y")),
        "labels, `y`",
        "let what makes it not learn, or write propagate_down once a bottom, false for it",
    ),
    "H that is learned": (
        net(FED, FC, H, INFOGAIN),
        "H, `H`",
        "let what makes it not learn, or write propagate_down once a bottom, false for it",
    ),
    "labels that are learned, through a layer of Caffe's": (
        net(FED, FC, LEARNED, LEFT_OUT, loss_of("SoftmaxWithLoss", "fc", "z")),
        "labels, `z`",
        "let what makes it not learn, or write propagate_down once a bottom, false for it",
    ),
    "labels that are learned, beside scores through a fork's layer": (
        net(FED, FC, LEARNED, GATHERED, loss_of("SoftmaxWithLoss", "scores", "y")),
        "labels, `y`",
        "let what makes it not learn, or write propagate_down once a bottom, false for it",
    ),
    "labels by a mark, beside scores through a fork's layer": (
        net(
            FED,
            FC,
            LEARNED,
            GATHERED,
            loss_of("SoftmaxWithLoss", "scores", "label").replace(
                "top:", f"{down('true', 'true')} top:"
            ),
        ),
        "labels, `label`",
        "write propagate_down: false for it",
    ),
    "H of a net that is forced back": (
        net(FORCED, FED, FC, GIVEN_H, INFOGAIN),
        "H, `H`",
        "take force_backward away, or give H by a file",
    ),
}


@pytest.mark.parametrize("title", ASKED, ids=lambda title: title.replace(" ", "-"))
def test_what_has_no_gradient(title: str) -> None:
    text, what, advice = ASKED[title]
    assert said_of(text, "PF418") == [
        f"`loss` is to hand a gradient to its {what}, which no loss has, and Caffe aborts in the "
        f"first iteration: {advice}"
    ]
    after = text.replace(down("true", "true"), down("true", "false"))
    assert mended(text, "PF418") == after.replace(down("1", "0", "t"), down("1", "0", "false"))


LEFT = {
    "labels that are given": net(FED, FC, LOSS),
    "labels that are forced back": net(FORCED, FED, FC, LOSS),
    "a mark that says no": net(FED, FC, LEARNED, loss_of("SoftmaxWithLoss", "fc", "y").replace(
        "top:", f"{down('true', 'false')} top:")),
    "a fixed H": net(FED, FC, FIXED_H, INFOGAIN),
    "labels of what may learn or not": net(FED, FC, UNTOLD, loss_of("SoftmaxWithLoss", "fc", "y")),
    "labels through a fork's layer": net(
        FED, FC, LEARNED, GATHERED, loss_of("SoftmaxWithLoss", "scores", "z")),
    "labels through a fork's layer and one of Caffe's": net(
        FED, FC, LEARNED, GATHERED, LEFT_OUT.replace('"y"', '"z"').replace('"z" }', '"z2" }'),
        loss_of("SoftmaxWithLoss", "scores", "z2")),
    "labels through a layer with a field of nobody's": net(
        FED, FC, LEARNED, LEFT_OUT.replace(" }", " dropout_param { of_ours: 1 } }"),
        loss_of("SoftmaxWithLoss", "fc", "z")),
    "a loss without weight": net(FED, FC, LOSS.replace(
        "top:", f"{down('true', 'true')} loss_weight: 0 top:")),
    "a net in which nothing learns": net(FED, LOSS.replace('"fc"', '"data"').replace(
        "top:", f"{down('true', 'true')} top:")),
    "targets of a EuclideanLoss": net(FED, FC, FC.replace('"fc"', '"t"'),
                                      loss_of("EuclideanLoss", "fc", "t")),
    "in TEST alone": net(FED, FC, LOSS.replace(
        "top:", f"{down('true', 'true')} include {{ phase: TEST }} top:")),
}  # fmt: skip


@pytest.mark.parametrize("title", LEFT, ids=lambda title: title.replace(" ", "-"))
def test_what_caffe_goes_back_through(title: str) -> None:
    assert said_of(LEFT[title], "PF418") == []


MULTINOMIAL = loss_of("MultinomialLogisticLoss", "fc", "label")


def test_scores_in_place_of_probabilities() -> None:
    text = net(FED, FC, MULTINOMIAL)
    assert said_of(text, "PF417") == [
        "`loss` takes the logarithm of what it reads, yet `fc` holds scores: a SoftmaxWithLoss "
        "applies the softmax that is missing"
    ]
    assert mended(text, "PF417") == text
    assert mended(text, "PF417", unsafe=True) == net(FED, FC, LOSS)


@pytest.mark.parametrize("maker", ["Softmax", "Sigmoid", "Python", "Power"])
def test_what_may_be_probabilities(maker: str) -> None:
    made = f'layer {{ name: "p" type: "{maker}" bottom: "fc" top: "p" }}'
    made = made.replace(" }", " power_param { scale: 0.1 } }") if maker == "Power" else made
    assert said_of(net(FED, FC, made, MULTINOMIAL.replace('"fc"', '"p"')), "PF417") == []
