"""What becomes of losses that Caffe refuses or takes otherwise than they were meant."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from loss_nets import CONV, FC, FED, FED_MAPS, SIGMOID, SOFTMAX, loss_of, mended, net, said_of

import protofix
from protofix.textproto.edits import apply_edits

H = 'layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 10 dim: 10 } } }'
WEIGHTS = 'layer { name: "w" type: "Input" top: "w" input_param { shape { dim: 4 } } }'


def infogain(more: str = "", *, reads: str = "fc") -> str:
    return loss_of("InfogainLoss", reads, "label", "H", more=more)


class Case(NamedTuple):
    """What a rule makes of a loss; None if it has no fix for it."""

    code: str
    before: str
    after: str | None
    safe: bool = True


TOPS = 'top: "prob"'
FIXED = {
    "normalize: true": Case(
        "PF404", infogain("loss_param { normalize: true ignore_label: 3 }"),
        infogain("loss_param { ignore_label: 3 }"),
    ),
    "normalize: false": Case(
        "PF404", infogain("loss_param { normalize: false }"),
        infogain("loss_param { normalization: BATCH_SIZE }"),
    ),
    "normalize beside normalization": Case(
        "PF404", infogain("loss_param { normalization: NONE normalize: false }"),
        infogain("loss_param { normalization: NONE }"),
    ),
    "normalize and nothing else": Case(
        "PF404", infogain("loss_param { normalize: true }"), infogain()
    ),
    "no weight for two tops": Case(
        "PF405", infogain(TOPS), infogain(f"{TOPS} loss_weight: 1 loss_weight: 0")
    ),
    "one weight for two tops": Case(
        "PF405", infogain(f"{TOPS} loss_weight: 0.3"),
        infogain(f"{TOPS} loss_weight: 0.3 loss_weight: 0"),
    ),
    "a list of one": Case(
        "PF405", infogain(f"{TOPS} loss_weight: [0.3]"), infogain(f"{TOPS} loss_weight: [0.3, 0]")
    ),
    "two weights for one top": Case(
        "PF405", infogain("loss_weight: 1 loss_weight: 0"), infogain("loss_weight: 1")
    ),
    "two weights that both count": Case(
        "PF405", infogain("loss_weight: 1 loss_weight: 0.5"), None
    ),
    "weights of 0 too many": Case(
        "PF311",
        loss_of("SoftmaxWithLoss", "fc", "label", more="loss_weight: [2, 0, 0]"),
        loss_of("SoftmaxWithLoss", "fc", "label", more="loss_weight: [2]"),
    ),
    "a weight too many that counts": Case(
        "PF311",
        loss_of("SoftmaxWithLoss", "fc", "label", more="loss_weight: 2 loss_weight: 1"),
        None,
    ),
    "a layer with more tops than weights": Case(
        "PF311",
        loss_of("Python", "fc", "label", more='top: "more" top: "most" loss_weight: 2'),
        loss_of("Python", "fc", "label", more='top: "more" top: "most" loss_weight: 2 '
                "loss_weight: 0 loss_weight: 0"),
        safe=False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", FIXED, ids=lambda title: title.replace(" ", "-"))
def test_what_is_refused_is_mended(title: str) -> None:
    code, before, after, safe = FIXED[title]
    text = net(FED, FC, H, before)
    wanted = text if after is None else net(FED, FC, H, after)
    assert len(said_of(text, code)) == 1
    assert mended(text, code) == (wanted if safe else text)
    assert mended(text, code, unsafe=True) == wanted
    if after is not None:
        assert said_of(wanted, code) == []


def test_weights_do_not_help_a_loss_that_others_read() -> None:
    more = 'layer { name: "twice" type: "Power" bottom: "loss" top: "twice" }'
    for weights in ("", "loss_weight: 1 loss_weight: 0"):
        text = net(FED, FC, H, infogain(f"{TOPS} {weights}"), more)
        assert len(said_of(text, "PF405")) == 1
        assert mended(text, "PF405", unsafe=True) == text


def test_the_oldest_format_has_no_weights() -> None:
    text = (
        'layers { layer { name: "data" type: "data" } top: "fc" top: "label" top: "H" }\n'
        'layers { layer { name: "loss" type: "infogain_loss" } '
        'bottom: "fc" bottom: "label" bottom: "H" top: "loss" top: "prob" }\n'
    )
    assert len(said_of(text, "PF405")) == 1
    assert mended(text, "PF405", unsafe=True) == text


def test_normalize_behind_a_softmax_goes_with_the_softmax() -> None:
    text = net(FED, FC, SOFTMAX, H, infogain("loss_param { normalize: false }", reads="prob"))
    assert mended(text, "PF404") == text
    assert mended(text, "PF401") == net(FED, FC, H, infogain())


UNREAD = ", without loss_param, which the older layer did not read"
# The fields of a loss, and whether the fix's title tells that loss_param goes.
GOING = {
    "": False,
    "loss_param { ignore_label: 4 normalization: BATCH_SIZE }": True,
    "loss_param { ignore_label: 4 } infogain_loss_param { axis: 1 }": False,
}


@pytest.mark.parametrize("fields", GOING)
@pytest.mark.parametrize("code", ["PF401", "PF402"])
def test_a_title_tells_that_loss_param_goes(code: str, fields: str) -> None:
    mixed = 'layer { name: "mean" type: "Eltwise" bottom: "prob" bottom: "prob" top: "mean" }'
    mixed = mixed.replace(" }", " eltwise_param { coeff: 0.5 coeff: 0.5 } }")
    reads = {"PF401": "prob", "PF402": "mean"}[code]
    between = () if code == "PF401" else (mixed,)
    text = net(FED, FC, SOFTMAX, *between, H, infogain(fields, reads=reads))
    [found] = [it for it in protofix.check(text) if it.code == code]
    assert found.fix is not None
    assert found.fix.title.endswith(UNREAD) == GOING[fields]
    assert ("loss_param { ignore" in apply_edits(text, found.fix.edits)) == ("axis" in fields)


def test_normalize_is_said_with_what_it_meant() -> None:
    for value, way in {
        "true": "write `normalization: VALID`",
        "false": "write `normalization: BATCH_SIZE`",
        "true normalization: NONE": "take it away, for `normalization` says it",
    }.items():
        text = net(FED, FC, H, infogain(f"loss_param {{ normalize: {value} }}"))
        assert said_of(text, "PF404") == [f"Caffe aborts on `normalize` in `loss`: {way}"]


MEAN = net(
    FED,
    FC,
    SOFTMAX,
    SOFTMAX.replace('"prob"', '"prob2"'),
    'layer { name: "mean" type: "Eltwise" bottom: "prob" bottom: "prob2" top: "mean" '
    "eltwise_param { coeff: 0.5 coeff: 0.5 } }",
    H,
)
LOG = """layer {
  name: "mean_log"
  type: "Log"
  bottom: "mean"
  top: "mean_log"
  log_param { shift: 1e-20 }
}"""


def test_probabilities_that_sum_to_one_are_kept_by_a_log_layer() -> None:
    before = MEAN + infogain("loss_param { normalization: NONE }", reads="mean") + "\n"
    after = MEAN + net(LOG, infogain(reads="mean_log"))
    assert mended(before, "PF402") == after
    assert said_of(after, "PF402") == []


def test_a_loss_that_was_written_for_today_changes_its_numbers_by_that() -> None:
    more = "infogain_loss_param { axis: 1 }"
    before = MEAN + infogain(more, reads="mean") + "\n"
    assert mended(before, "PF402") == before
    assert mended(before, "PF402", unsafe=True) == MEAN + net(LOG, infogain(more, reads="mean_log"))


def test_what_a_sigmoid_makes_cannot_be_kept() -> None:
    text = net(FED, FC, SIGMOID, H, infogain(reads="prob"))
    assert said_of(text, "PF402") == [
        "`loss` applies softmax itself on today's Caffe, yet reads Sigmoid `prob`, whose outputs "
        "do not sum to 1: no softmax can give them; today's layer cannot give the old numbers: the "
        "loss has to be another"
    ]
    assert mended(text, "PF402", unsafe=True) == text


OF_CLASSES = (
    "InfogainLoss weighs classes, by H as its third bottom; what weighs single positions is a "
    "fork's, and Caffe only leaves positions out, by ignore_label"
)
THIRD = {
    ("SoftmaxWithLoss", "w"): f": {OF_CLASSES}",
    ("SoftmaxWithLoss", "H"): ": `H` has a number for each pair of classes, as H has: InfogainLoss "
    "reads it",
    ("MultinomialLogisticLoss", "w"): f": {OF_CLASSES}",
    ("SigmoidCrossEntropyLoss", "w"): ": a fork's weighs what it reads, Caffe's only leaves out "
    "what has the ignore_label",
    ("EuclideanLoss", "w"): ": to weigh values, multiply both bottoms by the roots of the weights "
    "before (Eltwise with operation: PROD)",
    ("HingeLoss", "w"): ": Caffe's weighs nothing but the whole, by loss_weight",
    ("Accuracy", "w"): "",
}


@pytest.mark.parametrize(("type", "third"), THIRD, ids="-".join)
def test_a_third_bottom_is_said_with_what_is_meant(type: str, third: str) -> None:
    text = net(FED, FC, H, WEIGHTS, loss_of(type, "fc", "label", third))
    assert said_of(text, "PF304") == [
        f"`loss` has 3 bottoms; a layer of type {type} reads 2 bottoms{THIRD[type, third]}"
    ]


def test_a_fourth_bottom_means_nothing_that_is_known() -> None:
    text = net(FED, FC, H, WEIGHTS, loss_of("SoftmaxWithLoss", "fc", "label", "w", "H"))
    assert said_of(text, "PF304") == [
        "`loss` has 4 bottoms; a layer of type SoftmaxWithLoss reads 2 bottoms"
    ]


@pytest.mark.parametrize("type", ["SoftmaxWithLoss", "InfogainLoss", "Accuracy"])
def test_labels_that_do_not_fit_a_map_are_said_with_their_shape(type: str) -> None:
    one_each = 'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }'
    bottoms = ("fc", "y", "H") if type == "InfogainLoss" else ("fc", "y")
    [said] = said_of(net(FED_MAPS, CONV, one_each, H, loss_of(type, *bottoms)), "PF306")
    assert said.endswith("for one at each position, make `y` 2 × 1 × 6 × 6")


def test_an_axis_tells_that_a_map_is_meant() -> None:
    loss = loss_of("InfogainLoss", "prob", "label", "H", more="infogain_loss_param { axis: 1 }")
    before = net(FED_MAPS, CONV, SOFTMAX, H, loss)
    assert "not to be fused" not in said_of(before, "PF401")[0]
    assert mended(before, "PF401") == before
    after = net(FED_MAPS, CONV, H, loss.replace("prob", "fc"))
    assert mended(before, "PF401", unsafe=True) == after
