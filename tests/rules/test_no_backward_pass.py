"""Layers that are to hand a gradient on that they have not, and layers that are not."""

from __future__ import annotations

import pytest
from loss_nets import FC, FED, loss_of, mended, net, said_of

FORCED = "force_backward: true"
LOSS = loss_of("SoftmaxWithLoss", "fc", "label")
ACCURACY = 'layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" }'
WEIGHED_ACCURACY = ACCURACY.replace(" }", " loss_weight: 1 }")
CHECKED_ACCURACY = ACCURACY.replace(" }", " propagate_down: true propagate_down: t }")
ACCURACY_LOSS = 'layer { name: "p" type: "Power" bottom: "acc" top: "p" loss_weight: 1 }'
ARGMAX = 'layer { name: "top" type: "ArgMax" bottom: "fc" top: "top" }'
THRESHOLD = 'layer { name: "on" type: "Threshold" bottom: "fc" top: "on" }'
ON_LOSS = loss_of("EuclideanLoss", "on", "fc")
INDEX = (
    'layer { name: "index" type: "InnerProduct" bottom: "data" top: "index" '
    "inner_product_param { num_output: 1 } }"
)
GIVEN_INDEX = 'layer { name: "index" type: "Input" top: "flat" input_param { shape { dim: 4 } } }'
EMBED = (
    'layer { name: "words" type: "Embed" bottom: "flat" top: "words" '
    "embed_param { input_dim: 9 num_output: 10 } }"
)
EMBED_LOSS = loss_of("SoftmaxWithLoss", "words", "label")
FLAT = (
    'layer { name: "flat" type: "Reshape" bottom: "index" top: "flat" '
    "reshape_param { shape { dim: 4 } } }"
)
REINDEX = 'layer { name: "again" type: "BatchReindex" bottom: "fc" bottom: "flat" top: "again" }'
REINDEX_LOSS = loss_of("EuclideanLoss", "again", "fc")
FILTER = (
    'layer { name: "some" type: "Filter" bottom: "fc" bottom: "flat" top: "some" loss_weight: 1 }'
)
STEPS = (
    'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 3 dim: 2 dim: 5 } } }\n'
    'layer { name: "c" type: "Input" top: "c" input_param { shape { dim: 3 dim: 2 } } }'
)
CONT = 'layer { name: "cont" type: "Scale" bottom: "c" top: "cont" scale_param { axis: 0 } }'
LSTM = (
    'layer { name: "steps" type: "LSTM" bottom: "x" bottom: "cont" top: "steps" loss_weight: 1 '
    "recurrent_param { num_output: 4 } }"
)
UNIT_FED = (
    'layer { name: "x" type: "Input" top: "c" top: "x" top: "cont" input_param { '
    "shape { dim: 1 dim: 2 dim: 5 } shape { dim: 1 dim: 2 dim: 20 } shape { dim: 1 dim: 2 } } }"
)
UNIT = (
    'layer { name: "unit" type: "LSTMUnit" bottom: "c" bottom: "x" bottom: "cont" top: "c1" '
    'top: "h" loss_weight: 0 loss_weight: 1 }'
)
GATHER = 'layer { name: "all" type: "Gather" bottom: "on" top: "all" }'


def marked(layer: str, *marks: str) -> str:
    """A layer with marks of which bottoms are learned through."""
    return layer[:-1] + " ".join(f"propagate_down: {mark}" for mark in marks) + " }"


UNLEARN = "let what makes it not learn, or write propagate_down once a bottom, false for it"
WITHOUT_GPU = ", without a GPU,"

# The net; what is said of it but for the abort: who hands what on, the abort's condition, and what
# is advised.
ASKED = {
    "an Accuracy that is forced": (
        net(FORCED, FED, FC, LOSS, ACCURACY),
        ("`acc`", "by force_backward to what it reads", "Accuracy", ""),
        "keep it out of TRAIN by include { phase: TEST }, or take force_backward away",
    ),
    "an Accuracy that is forced, with marks": (
        net(FORCED, FED, FC, LOSS, marked(ACCURACY, "false", "false")),
        ("`acc`", "by force_backward to what it reads", "Accuracy", ""),
        "keep it out of TRAIN by include { phase: TEST }, or take force_backward away",
    ),
    "an Accuracy with a weight": (
        net(FED, FC, LOSS, WEIGHED_ACCURACY),
        ("`acc`", "from its own loss_weight to what it reads", "Accuracy", WITHOUT_GPU),
        "take its loss_weight away",
    ),
    "an Accuracy with a weight that is forced": (
        net(FORCED, FED, FC, LOSS, WEIGHED_ACCURACY),
        ("`acc`", "from its own loss_weight to what it reads", "Accuracy", ""),
        "take its loss_weight away, and take force_backward away",
    ),
    "an Accuracy that a loss reads": (
        net(FED, FC, ACCURACY, ACCURACY_LOSS),
        ("`acc`", "from `p` to what it reads", "Accuracy", WITHOUT_GPU),
        "write propagate_down: false for each of its bottoms",
    ),
    "an Accuracy that a loss reads, marked": (
        net(FED, FC, CHECKED_ACCURACY, ACCURACY_LOSS),
        ("`acc`", "from `p` to what it reads", "Accuracy", ""),
        "write propagate_down: false for each of its bottoms",
    ),
    "an ArgMax that is forced": (
        net(FORCED, FED, FC, LOSS, ARGMAX),
        ("`top`", "by force_backward to what it reads", "ArgMax", ""),
        "keep it out of TRAIN by include { phase: TEST }, or take force_backward away",
    ),
    "a Threshold before a loss": (
        net(FED, FC, THRESHOLD, ON_LOSS),
        ("`on`", "from `loss` to what it reads", "Threshold", ""),
        "write propagate_down once a bottom in what reads it, false for `on`",
    ),
    "a Threshold with a mark of its own": (
        net(FED, FC, marked(THRESHOLD, "false"), ON_LOSS),
        ("`on`", "from `loss` to what it reads", "Threshold", ""),
        "write propagate_down once a bottom in what reads it, false for `on`",
    ),
    "a Threshold before one loss of two": (
        net(FED, FC, THRESHOLD, marked(ON_LOSS, "false", "true"),
            loss_of("HingeLoss", "on", "label").replace('"loss"', '"hinge"')),
        ("`on`", "from `hinge` to what it reads", "Threshold", ""),
        "write propagate_down once a bottom in what reads it, false for `on`",
    ),
    "an Embed that is forced": (
        net(FORCED, FED, GIVEN_INDEX, EMBED, EMBED_LOSS),
        ("`words`", "by force_backward to its indices, `flat`", "Embed", ""),
        "take force_backward away",
    ),
    "an Embed of what is learned": (
        net(FED, INDEX, FLAT, EMBED, EMBED_LOSS),
        ("`words`", "from `loss` to its indices, `flat`", "Embed", ""),
        UNLEARN,
    ),
    "an Embed of what is learned, marked": (
        net(FED, INDEX, FLAT, marked(EMBED, "true"), EMBED_LOSS),
        ("`words`", "from `loss` to its indices, `flat`", "Embed", ""),
        "write propagate_down: false for it",
    ),
    "an index that is learned": (
        net(FED, FC, INDEX, FLAT, REINDEX, REINDEX_LOSS),
        ("`again`", "from `loss` to its index, `flat`", "BatchReindex", ""),
        UNLEARN,
    ),
    "a selector that is learned": (
        net(FED, FC, INDEX, FLAT, FILTER),
        ("`some`", "from its own loss_weight to its selector, `flat`", "Filter", ""),
        UNLEARN,
    ),
    "sequence indicators that are learned": (
        net(STEPS, CONT, LSTM),
        ("`steps`", "from its own loss_weight to its sequence indicators, `cont`", "LSTM", ""),
        UNLEARN,
    ),
    "a unit whose gradient is cut off, but for a top that nobody reads": (
        net(UNIT_FED.replace("x", "input", 1).replace('top: "cont"', 'top: "k"'),
            CONT.replace('"c"', '"k"'), UNIT.replace(" loss_weight: 0 loss_weight: 1", ""),
            marked(loss_of("EuclideanLoss", "h", "h"), "false", "false")),
        ("`unit`", "from `loss` to its sequence indicators, `cont`", "LSTMUnit", ""),
        UNLEARN,
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", ASKED, ids=lambda title: title.replace(" ", "-"))
def test_what_has_no_way_back(title: str) -> None:
    text, (subject, asked, kind, unless), advice = ASKED[title]
    assert said_of(text, "PF331") == [
        f"{subject} is to hand a gradient {asked}, which no {kind} has, and Caffe{unless} aborts "
        f"in the first iteration: {advice}"
    ]


SAFELY = {
    "an Accuracy's marks": (
        net(FED, FC, CHECKED_ACCURACY, ACCURACY_LOSS),
        net(FED, FC, marked(ACCURACY, "false", "false"), ACCURACY_LOSS),
    ),
    "an Embed's mark": (
        net(FED, INDEX, FLAT, marked(EMBED, "true"), EMBED_LOSS),
        net(FED, INDEX, FLAT, marked(EMBED, "false"), EMBED_LOSS),
    ),
    "a Filter's last mark": (
        net(FED, FC, INDEX, FLAT, marked(FILTER, "true", "1")),
        net(FED, FC, INDEX, FLAT, marked(FILTER, "true", "false")),
    ),
}
UNSAFELY = {
    "a weight": (net(FED, FC, LOSS, WEIGHED_ACCURACY), net(FED, FC, LOSS, ACCURACY)),
    "force_backward": (
        net(FORCED, FED, GIVEN_INDEX, EMBED, EMBED_LOSS),
        net(FED, GIVEN_INDEX, EMBED, EMBED_LOSS),
    ),
}


@pytest.mark.parametrize("title", SAFELY, ids=lambda title: title.replace(" ", "-"))
def test_marks_are_made_false(title: str) -> None:
    before, after = SAFELY[title]
    assert mended(before, "PF331") == after
    assert said_of(after, "PF331") == []


@pytest.mark.parametrize("title", UNSAFELY, ids=lambda title: title.replace(" ", "-"))
def test_what_was_asked_for_is_taken_away_if_one_wants_it(title: str) -> None:
    before, after = UNSAFELY[title]
    assert mended(before, "PF331") == before
    assert mended(before, "PF331", unsafe=True) == after


LEFT = {
    "an Accuracy beside a loss": net(FED, FC, LOSS, ACCURACY),
    "an Accuracy that is forced in TEST": net(
        FORCED, FED, FC, LOSS, ACCURACY.replace(" }", " include { phase: TEST } }")),
    "an Accuracy of weight 0": net(FED, FC, LOSS, ACCURACY.replace(" }", " loss_weight: 0 }")),
    "an Accuracy of what is not learned": net(
        FED, FC, LOSS, WEIGHED_ACCURACY.replace('"fc"', '"data"')),
    "an Accuracy with a weight, with marks": net(
        FED, FC, LOSS, marked(WEIGHED_ACCURACY, "false", "false")),
    "an ArgMax that no loss reads": net(FED, FC, LOSS, ARGMAX),
    "a Threshold of data": net(FED, FC, THRESHOLD.replace('"fc"', '"data"'), LOSS),
    "a Threshold before a loss without weight": net(
        FED, FC, LOSS, THRESHOLD,
        ON_LOSS.replace('"loss"', '"seen"').replace(" }", " loss_weight: 0 }")),
    "a Threshold that its reader hands nothing": net(
        FED, FC, THRESHOLD, marked(ON_LOSS, "false", "true")),
    "a Threshold before a fork's layer": net(
        FED, FC, THRESHOLD, GATHER, ON_LOSS.replace('"on"', '"all"')),
    "a Threshold behind a fork's layer": net(
        FED, FC, GATHER.replace('"on"', '"fc"'), THRESHOLD.replace('"fc"', '"all"'),
        ON_LOSS.replace('"fc"', '"data"')),
    "a Threshold of what may learn or not": net(
        FED, FC.replace("InnerProduct", "Python"), THRESHOLD, ON_LOSS),
    "an Embed of what is given": net(FED, GIVEN_INDEX, EMBED, EMBED_LOSS),
    "a net without a loss that is forced": net(FORCED, FED, FC, ARGMAX),
    "sequence indicators that are forced": net(
        FORCED, STEPS, LSTM.replace('"cont"', '"c"')),
    "sequence indicators of a unit that are forced": net(FORCED, UNIT_FED, UNIT),
    "a net in TEST alone": net(FORCED, FED, FC, LOSS, ACCURACY).replace(
        " }\n", " include { phase: TEST } }\n"),
}  # fmt: skip


@pytest.mark.parametrize("title", LEFT, ids=lambda title: title.replace(" ", "-"))
def test_what_caffe_goes_back_through_or_leaves_alone(title: str) -> None:
    assert said_of(LEFT[title], "PF331") == []
