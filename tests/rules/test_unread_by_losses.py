"""What losses and accuracies are told and do not read: loss_param, source, labels to ignore."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from loss_nets import CONV, FC, FED, FED_MAPS, loss_of, mended, net, said_of

from protofix.rulebook.context import Target

H = 'layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 10 dim: 10 } } }'
SOURCE = 'infogain_loss_param { source: "H.binaryproto" }'


class Case(NamedTuple):
    """A loss of the scores `fc`, and what becomes of it; None if nothing is to be done.

    A fix that is not safe changes numbers, or takes away what may have been meant.
    """

    before: str
    after: str | None
    safe: bool = True
    target: Target = "fused"
    code: str = "PF411"


def of(type: str, more: str) -> str:
    return loss_of(type, "fc", "label", more=more)


SOFTMAX, SIGMOID, ACCURACY = "SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "Accuracy"
INFOGAIN = loss_of("InfogainLoss", "fc", "label", "H")
UNREAD = {
    "normalize that says nothing else": Case(
        of(SOFTMAX, "loss_param { normalization: VALID normalize: true }"),
        of(SOFTMAX, "loss_param { normalization: VALID }"),
        code="PF416",
    ),
    "normalize that is overruled": Case(
        of(SIGMOID, "loss_param { normalize: false ignore_label: 255 normalization: FULL }"),
        of(SIGMOID, "loss_param { ignore_label: 255 normalization: FULL }"),
        code="PF416",
    ),
    "a EuclideanLoss that asks for what it does": Case(
        of("EuclideanLoss", "loss_param { normalization: BATCH_SIZE }"),
        of("EuclideanLoss", ""),
    ),
    "a HingeLoss likewise, in the old words": Case(
        of("HingeLoss", "loss_param { normalize: false } loss_weight: 2"),
        of("HingeLoss", "loss_weight: 2"),
    ),
    "a EuclideanLoss that asks for more": Case(
        of("EuclideanLoss", "loss_param { normalization: NONE }"),
        of("EuclideanLoss", ""),
        safe=False,
    ),
    "a HingeLoss that would ignore a label": Case(
        of("HingeLoss", "loss_param { ignore_label: 255 }"), of("HingeLoss", ""), safe=False
    ),
    "an Accuracy that would ignore a label": Case(
        of(ACCURACY, "loss_param { ignore_label: 255 }"),
        of(ACCURACY, "accuracy_param { ignore_label: 255 }"),
        safe=False,
        code="PF415",
    ),
    "an Accuracy that would do more": Case(
        of(ACCURACY, "loss_param { normalize: false ignore_label: 255 }"),
        of(ACCURACY, "accuracy_param { ignore_label: 255 }"),
        safe=False,
        code="PF415",
    ),
    "an Accuracy with a message of its own": Case(
        of(ACCURACY, "accuracy_param { top_k: 5 } loss_param { ignore_label: 255 }"),
        of(ACCURACY, "accuracy_param { top_k: 5 ignore_label: 255 }"),
        safe=False,
        code="PF415",
    ),
    "an Accuracy that ignores it already": Case(
        of(ACCURACY, "accuracy_param { ignore_label: 255 } loss_param { ignore_label: 255 }"),
        of(ACCURACY, "accuracy_param { ignore_label: 255 }"),
        code="PF415",
    ),
    "an Accuracy of two minds": Case(
        of(ACCURACY, "accuracy_param { ignore_label: 0 } loss_param { ignore_label: 255 }"),
        None,
        code="PF415",
    ),
    "an old InfogainLoss, one label an image": Case(
        INFOGAIN.replace(" }", " loss_param { normalization: FULL } }"),
        INFOGAIN,
        target="legacy",
    ),
    "an old InfogainLoss that would ignore a label": Case(
        INFOGAIN.replace(" }", " loss_param { ignore_label: 3 } }"),
        INFOGAIN,
        safe=False,
        target="legacy",
    ),
}


@pytest.mark.parametrize("title", UNREAD, ids=lambda title: title.replace(" ", "-"))
def test_a_loss_param_that_is_not_read(title: str) -> None:
    before, after, safe, target, code = UNREAD[title]
    text = net(FED, FC, H, before)
    assert len(said_of(text, code, target)) == 1
    wanted = text if after is None else net(FED, FC, H, after)
    assert mended(text, code, target=target) == (wanted if safe else text)
    assert mended(text, code, unsafe=True, target=target) == wanted
    if after is not None:
        assert said_of(wanted, code, target) == []


READ = {
    "normalization": of(SOFTMAX, "loss_param { normalization: NONE ignore_label: 3 }"),
    "normalize alone": of(SOFTMAX, "loss_param { normalize: false }"),
    "of a SigmoidCrossEntropyLoss": of(SIGMOID, "loss_param { normalization: FULL }"),
    "of an InfogainLoss": INFOGAIN.replace(" }", " loss_param { ignore_label: 3 } }"),
    "an Accuracy's own": of(ACCURACY, "accuracy_param { ignore_label: 3 }"),
    "of a type that is not known": of("FocalLoss", "loss_param { normalization: FULL }"),
    "of a Python layer": of("Python", "loss_param { normalization: FULL }"),
}


@pytest.mark.parametrize("title", READ, ids=lambda title: title.replace(" ", "-"))
def test_a_loss_param_that_is_read(title: str) -> None:
    text = net(FED, FC, H, READ[title])
    assert [said_of(text, code) for code in ("PF411", "PF415", "PF416")] == [[], [], []]


def test_a_comment_in_what_goes_is_kept() -> None:
    before = net(FED, FC) + (
        'layer {\n  name: "loss"\n  type: "EuclideanLoss"\n  bottom: "fc"\n  bottom: "fc"\n'
        "  loss_param {\n    normalize: false  # by the batch\n  }\n}\n"
    )
    assert mended(before, "PF411") == net(FED, FC) + (
        '# by the batch\nlayer {\n  name: "loss"\n  type: "EuclideanLoss"\n  bottom: "fc"\n'
        '  bottom: "fc"\n}\n'
    )


@pytest.mark.parametrize("type", [SOFTMAX, SIGMOID, "MultinomialLogisticLoss", "HingeLoss"])
def test_a_matrix_that_no_other_loss_reads(type: str) -> None:
    text = net(FED, FC, of(type, SOURCE))
    for target in ("fused", "legacy"):
        assert said_of(text, "PF411", target) == [
            f"`loss` is of type {type}, which reads no infogain_loss_param: all classes weigh "
            "alike; did you mean InfogainLoss?"
        ]
    assert mended(text, "PF411", unsafe=True) == text
    assert said_of(text.replace(type, "InfogainLoss"), "PF411") == []


def test_a_source_beside_a_third_bottom() -> None:
    text = net(FED, FC, H, INFOGAIN.replace(" }", f" {SOURCE} }}"))
    assert said_of(text, "PF410") == [
        "`loss` reads H from its third bottom, `H`, and never from `source`: keep one of them"
    ]
    assert mended(text, "PF410") == net(FED, FC, H, INFOGAIN)
    with_axis = text.replace("infogain_loss_param {", "infogain_loss_param { axis: 1")
    assert mended(with_axis, "PF410") == net(
        FED, FC, H, INFOGAIN.replace(" }", " infogain_loss_param { axis: 1 } }")
    )


def test_a_source_beside_a_third_bottom_that_nobody_makes_is_the_only_h() -> None:
    text = net(FED, FC, INFOGAIN.replace(" }", f" {SOURCE} }}"))
    assert said_of(text, "PF410") == []
    assert said_of(text, "PF301") == [
        "`loss` reads `H`, which no layer makes: take it away, and H is read from `source`"
    ]
    assert mended(text, "PF301", unsafe=True) == text
    [said] = said_of(net(FED, FC, INFOGAIN), "PF301")
    assert "`source`" not in said
    in_test = H.replace(" }", " include { phase: TEST } }")
    assert said_of(net(FED, FC, in_test, INFOGAIN.replace(" }", f" {SOURCE} }}")), "PF410") == []


def test_a_source_or_a_third_bottom_alone() -> None:
    assert said_of(net(FED, FC, H, INFOGAIN), "PF410") == []
    alone = loss_of("InfogainLoss", "fc", "label", more=SOURCE)
    assert said_of(net(FED, FC, alone), "PF410") == []


MAP = net(FED_MAPS, CONV)
IGNORING = of(SOFTMAX, "loss_param { ignore_label: 255 }")
SECOND = IGNORING.replace('"loss"', '"loss2"')
ACC = of(ACCURACY, "")
ELSEWHERE = {
    "an Accuracy": (
        net(IGNORING, ACC),
        net(IGNORING, of(ACCURACY, "accuracy_param { ignore_label: 255 }")),
    ),
    "an Accuracy that says something": (
        net(IGNORING, of(ACCURACY, "accuracy_param { top_k: 3 }")),
        net(IGNORING, of(ACCURACY, "accuracy_param { top_k: 3 ignore_label: 255 }")),
    ),
    "a second loss": (net(IGNORING, SECOND.replace(" ignore_label: 255", "")), None),
    "a loss, where the Accuracy ignores": (
        net(of(SOFTMAX, ""), of(ACCURACY, "accuracy_param { ignore_label: -1 }")),
        net(
            of(SOFTMAX, "loss_param { ignore_label: -1 }"),
            of(ACCURACY, "accuracy_param { ignore_label: -1 }"),
        ),
    ),
    "an Accuracy that ignores a class": (
        net(IGNORING, of(ACCURACY, "accuracy_param { ignore_label: 3 }")),
        net(IGNORING, of(ACCURACY, "accuracy_param { ignore_label: 3 }")),
    ),
    "labels that were copied": (
        net(
            'layer { name: "s" type: "Split" bottom: "label" top: "a" top: "b" }',
            IGNORING.replace('"label"', '"a"'),
            ACC.replace('"label"', '"b"'),
        ),
        net(
            'layer { name: "s" type: "Split" bottom: "label" top: "a" top: "b" }',
            IGNORING.replace('"label"', '"a"'),
            of(ACCURACY, "accuracy_param { ignore_label: 255 }").replace('"label"', '"b"'),
        ),
    ),
}


@pytest.mark.parametrize("title", ELSEWHERE, ids=lambda title: title.replace(" ", "-"))
def test_a_label_that_is_ignored_elsewhere(title: str) -> None:
    before, after = ELSEWHERE[title]
    assert len(said_of(MAP + before, "PF412")) == 1
    assert mended(MAP + before, "PF412") == MAP + before
    if after is not None:
        assert mended(MAP + before, "PF412", unsafe=True) == MAP + after


EVERYWHERE = {
    "by both": net(IGNORING, of(ACCURACY, "accuracy_param { ignore_label: 255 }")),
    "one that is a class": net(of(SOFTMAX, "loss_param { ignore_label: 0 }"), ACC),
    "in the wrong message, which is said by itself": net(
        IGNORING, of(ACCURACY, "loss_param { ignore_label: 255 }")
    ),
    "in a fork's message": net(
        IGNORING, of(SOFTMAX, "softmaxloss_param { ignore_label: 255 }").replace("loss\"", "l2\"")
    ),
    "of other labels": net(
        'layer { name: "l2" type: "Input" top: "l2" '
        "input_param { shape { dim: 2 dim: 1 dim: 6 dim: 6 } } }",
        IGNORING,
        ACC.replace('"label"', '"l2"'),
    ),
    "by another phase's loss": net(
        IGNORING.removesuffix("}") + "include { phase: TRAIN } }",
        ACC.removesuffix("}") + "include { phase: TEST } }",
    ),
    "where an Accuracy has as many classes": net(
        'layer { name: "wide" type: "Convolution" bottom: "data" top: "wide" '
        "convolution_param { num_output: 256 kernel_size: 1 } }",
        IGNORING,
        ACC.replace('"fc"', '"wide"'),
    ),
    "where nothing is": net(of(SOFTMAX, ""), ACC),
}  # fmt: skip


@pytest.mark.parametrize("title", EVERYWHERE, ids=lambda title: title.replace(" ", "-"))
def test_a_label_that_nobody_needs_to_ignore(title: str) -> None:
    assert said_of(MAP + EVERYWHERE[title], "PF412") == []


def test_labels_that_are_known_are_judged_by_themselves() -> None:
    known = (
        'layer { name: "label" type: "DummyData" top: "label" dummy_data_param { '
        "shape { dim: 2 dim: 1 dim: 6 dim: 6 } data_filler { value: VALUE } } }"
    )
    fed = FED_MAPS.splitlines()[0]
    within = net(fed, known.replace("VALUE", "3"), CONV, IGNORING, ACC)
    assert said_of(within, "PF412") == said_of(within, "PF324") == []
    beyond = net(fed, known.replace("VALUE", "255"), CONV, IGNORING, ACC)
    assert said_of(beyond, "PF412") == []
    assert said_of(beyond, "PF324") == [
        "`loss` has 10 classes, 0 to 9, but the labels of `label` are all 255: make more classes, "
        "or mend the labels, or ignore them (accuracy_param { ignore_label: 255 })"
    ]
    other = beyond.replace("ignore_label: 255", "ignore_label: 254")
    assert said_of(other, "PF324")[0].endswith(
        "or ignore them (loss_param { ignore_label: 255 }, not 254)"
    )


def test_the_older_infogain_loss_ignores_no_label() -> None:
    infogain = INFOGAIN.replace(" }", " loss_param { ignore_label: 255 } }")
    text = MAP + net(H, infogain, ACC)
    assert len(said_of(text, "PF412")) == 1
    assert said_of(text, "PF412", "legacy") == []
    assert len(said_of(MAP + net(IGNORING, ACC), "PF412", "legacy")) == 1


def test_it_is_said_what_ignores_and_what_does_not() -> None:
    assert said_of(MAP + net(IGNORING, ACC.replace('"loss"', '"acc"')), "PF412") == [
        "`loss` ignores label 255 of `label`, `acc` does not: of 10 classes, it counts such labels "
        "as wrong, or by memory beyond its scores: write accuracy_param { ignore_label: 255 }"
    ]
    hinge = loss_of("HingeLoss", "fc", "label").replace('"loss"', '"hinge"')
    assert said_of(net(FED, FC, IGNORING, hinge), "PF412") == [
        "`loss` ignores label 255 of `label`, `hinge` does not: of 10 classes, it reads and writes "
        "memory beyond its scores for such labels: take a loss that can, such as SoftmaxWithLoss, "
        "for its type, HingeLoss, cannot"
    ]
