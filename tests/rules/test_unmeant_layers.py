"""What Caffe accepts but a person did not mean of one layer: its values, its classes, its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from unmeant_nets import (
    ACCURACY,
    CONV,
    DATA,
    FC,
    FED,
    IMAGE,
    LOSS,
    ONE,
    Table,
    net,
    plus,
    says,
    warnings,
)

import protofix

# Each table: what is tried, the layers, and what is said (nothing is an empty list).
DROPS = {
    "ratio 1": (["dropout_ratio: 1"], True),
    "ratio 1 to 32 bits": (["dropout_ratio: 0.99999999"], True),
    "ratio 0.9": (["dropout_ratio: 0.9"], False),
    "ratio 0": (["dropout_ratio: 0"], False),
    "no ratio": ([], False),
    "ratio 2, which is an error": (["dropout_ratio: 2"], False),
}

CLASSES = {
    "one class": (
        [DATA, ONE, LOSS],
        [
            "PF324 `loss` chooses from 1 class, as `fc` is ? × 1, and the softmax of a single "
            "score is always 1: make 2 scores, or take SigmoidCrossEntropyLoss for a yes or no"
        ],
    ),
    "one class beside an Accuracy, said once": (
        [FED, ONE, LOSS, ACCURACY],
        [
            "PF324 `loss` chooses from 1 class, as `fc` is 4 × 1, and the softmax of a single "
            "score is always 1: make 2 scores, or take SigmoidCrossEntropyLoss for a yes or no"
        ],
    ),
    "an Accuracy of one class": (
        [FED, ONE, LOSS.replace("SoftmaxWithLoss", "SigmoidCrossEntropyLoss"), ACCURACY],
        [
            "PF324 `acc` chooses from 1 class, as `fc` is 4 × 1, so that it always finds class 0: "
            "make 2 scores, or compare a Threshold of the score with the label"
        ],
    ),
    "one class along the axis that is asked for": (
        [
            IMAGE,
            'layer { name: "label" type: "Input" top: "label" '
            "input_param { shape { dim: 4 dim: 3 dim: 32 } } }",
            'layer { name: "conv" type: "Tile" bottom: "data" top: "fc" tile_param { tiles: 1 } }',
            plus(LOSS, "softmax_param { axis: 3 }"),
        ],
        [],
    ),
    "two classes": ([DATA, FC.replace("10", "2"), LOSS], []),
    "a class count that is not known": (
        [DATA, LOSS.replace('"fc"', '"data"')],
        [],
    ),
    "a hinge over one class": (
        [FED, ONE, LOSS.replace("SoftmaxWithLoss", "HingeLoss")],
        [
            "PF324 `loss` chooses from 1 class, as `fc` is 4 × 1, so that no label but 0 fits: "
            "make 2 scores, or take SigmoidCrossEntropyLoss for a yes or no"
        ],
    ),
}


def dummy(value: str) -> str:
    return (
        'layer { name: "dummy" type: "DummyData" top: "data" top: "label" dummy_data_param { '
        'shape { dim: 4 dim: 8 } shape { dim: 4 } data_filler { type: "gaussian" } '
        f"data_filler {{ {value} }} }} }}"
    )


BEYOND = (
    "PF324 `loss` has 10 classes, 0 to 9, but the labels of `dummy` are all {}: make more classes, "
    "or mend the labels"
)
OR_IGNORE = f"{BEYOND}, or ignore them (loss_param {{{{ ignore_label: {{}} }}}}{{}})"
IGNORING = plus(LOSS, "loss_param { ignore_label: 255 }")
LABELS = {
    "the number of classes": ([dummy("value: 10"), FC, LOSS], [BEYOND.format(10)]),
    "below 0": ([dummy('type: "constant" value: -1'), FC, LOSS], [OR_IGNORE.format(-1, -1, "")]),
    "the last class": ([dummy("value: 9"), FC, LOSS], []),
    "no value": ([dummy(""), FC, LOSS], []),
    "what is ignored": ([dummy("value: 255"), FC, IGNORING], []),
    "beside what is ignored": (
        [dummy("value: 254"), FC, IGNORING],
        [OR_IGNORE.format(254, 254, ", not 255")],
    ),
    "random labels": ([dummy('type: "uniform" max: 99'), FC, LOSS], []),
}

UNWEIGHTED = {
    "the only loss": (
        [DATA, FC, plus(LOSS, "loss_weight: 0")],
        [
            "PF325 `loss` has loss_weight 0 and is the only loss, so that nothing is learned: "
            "give it a weight, or leave loss_weight out"
        ],
    ),
    "all losses": (
        [
            DATA,
            FC,
            plus(LOSS, "loss_weight: 0"),
            plus(LOSS, "loss_weight: 0.0").replace('"loss"', '"loss2"'),
        ],
        [
            "PF325 `loss` has loss_weight 0, as has every other loss, so that nothing is learned: "
            "give it a weight, or leave loss_weight out"
        ],
    ),
    "one of two": (
        [DATA, FC, plus(LOSS, "loss_weight: 0"), LOSS.replace('"loss"', '"loss2"')],
        [],
    ),
    "a weight on another top": (
        [
            DATA,
            FC,
            plus(LOSS, "loss_weight: 0"),
            'layer { name: "sum" type: "Reduction" bottom: "fc" top: "sum" loss_weight: 0.1 }',
        ],
        [],
    ),
    "a layer that may be a loss": (
        [
            DATA,
            FC,
            plus(LOSS, "loss_weight: 0"),
            'layer { name: "mine" type: "MyLoss" bottom: "fc" top: "mine" }',
        ],
        [],
    ),
    "a loss in TEST": (
        [
            DATA,
            FC,
            plus(LOSS, "include { phase: TRAIN }"),
            plus(LOSS, "loss_weight: 0 include { phase: TEST }"),
        ],
        [],
    ),
    "no loss": ([DATA, FC], []),
}

BN = 'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }'
OF_BATCH = plus(BN, "batch_norm_param { use_global_stats: false }")
BN_FC = FC.replace('"data"', '"bn"')
STATISTICS = {
    "a net without a loss": (
        [IMAGE, OF_BATCH],
        ["PF327 `bn` normalises by the batch's own statistics in TEST: leave use_global_stats out"],
    ),
    "a net that has something for TEST": (
        [DATA, OF_BATCH, BN_FC, LOSS, plus(ACCURACY, "include { phase: TEST }")],
        ["PF327 `bn` normalises by the batch's own statistics in TEST: leave use_global_stats out"],
    ),
    "a net that may be for training alone": ([DATA, OF_BATCH, BN_FC, LOSS], []),
    "what Caffe takes by itself": ([IMAGE, BN], []),
    "the statistics of training": (
        [IMAGE, plus(BN, "batch_norm_param { use_global_stats: true }")],
        [],
    ),
    "a layer for TRAIN and one for TEST": (
        [
            DATA,
            plus(OF_BATCH, "include { phase: TRAIN }"),
            plus(BN, "batch_norm_param { use_global_stats: true } include { phase: TEST }"),
            BN_FC,
            LOSS,
        ],
        [],
    ),
    "SegNet's BN": (
        [
            IMAGE,
            'layer { name: "bn" type: "BN" bottom: "data" top: "bn" bn_param { bn_mode: LEARN } }',
        ],
        [
            "PF327 `bn` normalises by the batch's own statistics in TEST: write INFERENCE for it",
        ],
    ),
}


def in_place(type: str, param: str = "", bottoms: str = 'bottom: "fc"', tops: str = "") -> str:
    """A net that learns, whose layer `x` of some type works in place on `fc`."""
    x = f'layer {{ name: "x" type: "{type}" {bottoms} top: "fc" {tops} {param} }}'
    return net(DATA, CONV, FC, x, LOSS)


VALUES = "writes over what it still reads"
GRADIENT = "writes over what its gradient is made from in TRAIN"
TWO = 'bottom: "fc" bottom: "conv"'
IN_PLACE = {
    ("Pooling", "pooling_param { kernel_size: 2 }"): VALUES,
    ("Convolution", "convolution_param { num_output: 3 kernel_size: 1 }"): VALUES,
    ("Deconvolution", "convolution_param { num_output: 3 kernel_size: 1 }"): VALUES,
    ("InnerProduct", "inner_product_param { num_output: 10 }"): VALUES,
    ("LRN", ""): VALUES,
    ("LRN", "lrn_param { norm_region: WITHIN_CHANNEL }"): GRADIENT,
    ("Tile", "tile_param { tiles: 2 }"): VALUES,
    ("ArgMax", ""): VALUES,
    ("Power", "power_param { power: 2 }"): GRADIENT,
    ("Power", "power_param { scale: 2 }"): None,
    ("MVN", ""): GRADIENT,
    ("MVN", "mvn_param { normalize_variance: false }"): None,
    ("BNLL", ""): GRADIENT,
    ("Log", ""): GRADIENT,
    ("Concat", ""): None,
    ("Slice", ""): None,
    **{
        (kind, ""): None
        for kind in [
            "ReLU",
            "PReLU",
            "ELU",
            "Sigmoid",
            "TanH",
            "Exp",
            "Swish",
            "Dropout",
            "BatchNorm",
            "Scale",
            "Bias",
            "Softmax",
        ]
    },
}
SECOND = {
    ("Eltwise", ""): VALUES,
    ("Eltwise", "eltwise_param { operation: MAX }"): VALUES,
    ("Eltwise", "eltwise_param { operation: PROD }"): GRADIENT,
    ("Concat", ""): VALUES,
    ("Scale", ""): None,
    ("HingeLoss", ""): VALUES,
}

TABLES: dict[str, Table] = {
    "PF324": {**CLASSES, **LABELS},
    "PF325": UNWEIGHTED,
    "PF327": STATISTICS,
}
test_nets = says(TABLES)


@pytest.mark.parametrize("title", DROPS, ids=lambda title: title.replace(" ", "-"))
def test_dropouts(title: str) -> None:
    fields, found = DROPS[title]
    drop = 'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }'
    text = net(DATA, FC, plus(drop, f"dropout_param {{ {' '.join(fields)} }}"), LOSS)
    said = (
        "PF323 `drop` drops everything (dropout_ratio 1): all that it makes in TRAIN is NaN; the "
        "ratio is the share to drop, such as 0.5"
    )
    assert warnings(text) == ([said] if found else [])
    assert warnings(text.replace("dropout_param", "include { phase: TEST } dropout_param")) == []


def test_a_dropout_that_does_not_divide_makes_zeros() -> None:
    drop = (
        'layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" '
        "dropout_param { dropout_ratio: 1 scale_train: false } }"
    )
    [said] = warnings(net(DATA, FC, drop, LOSS))
    assert "all that it makes in TRAIN is 0;" in said


@pytest.mark.parametrize("name", ["test.prototxt", "lenet_val.prototxt", "deploy.prototxt"])
def test_a_loss_is_weighed_in_files_that_train_alone(name: str) -> None:
    text = net(DATA, FC, plus(LOSS, "loss_weight: 0"))
    assert [one[:5] for one in warnings(text, "train_val.prototxt")] == ["PF325"]
    assert warnings(text, name) == []


IN_PLACE_CASES = [
    *[(*key, 'bottom: "fc"', harm) for key, harm in IN_PLACE.items()],
    *[(*key, TWO, harm) for key, harm in SECOND.items()],
]


@pytest.mark.parametrize(("type", "param", "bottoms", "harm"), IN_PLACE_CASES)
def test_layers_in_place(type: str, param: str, bottoms: str, harm: str | None) -> None:
    found = [one for one in warnings(in_place(type, param, bottoms)) if one.startswith("PF328")]
    said = f"PF328 `x` {harm}: {type} cannot work in place, so give its top another name than `fc`"
    assert found == ([said] if harm else [])


def test_a_slice_into_parts_in_place_is_an_error() -> None:
    text = in_place("Slice", tops='top: "b"')
    assert [one for one in warnings(text) if "PF328" in one] == []
    assert "PF305" in {one.code for one in protofix.check(text) if one.severity == "error"}


def test_a_gradient_that_nobody_needs_may_be_written_over() -> None:
    log = 'layer { name: "log" type: "Log" bottom: "data" top: "data" }'
    assert warnings(net(DATA, log, FC, LOSS)) == []
    frozen = FC.replace("inner", "param { lr_mult: 0 } param { lr_mult: 0 } inner", 1)
    assert warnings(net(DATA, frozen, log.replace('"data"', '"fc"'), LOSS)) == []


def test_what_caffe_refuses_is_not_said_to_be_a_mistake_as_well() -> None:
    pool = (
        'layer { name: "pool" type: "Pooling" bottom: "conv" top: "conv" '
        "pooling_param { kernel_size: 2 } }"
    )
    relu = 'layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }'
    codes = [one.code for one in protofix.check(net(IMAGE, CONV, relu, pool))]
    assert "PF310" in codes
    assert "PF328" not in codes


def test_labels_of_a_list_of_images(tmp_path: Path) -> None:
    (tmp_path / "images.txt").write_text("a.png 3\nb.png 12\n")
    data = (
        'layer { name: "data" type: "ImageData" top: "data" top: "label" '
        'image_data_param { source: "images.txt" batch_size: 4 new_height: 8 new_width: 8 } }'
    )
    path = str(tmp_path / "net.prototxt")
    assert warnings(net(data, FC, LOSS), path) == [
        "PF324 `loss` has 10 classes, 0 to 9, but the labels of `data` go up to 12: make more "
        "classes, or mend the labels"
    ]
    assert warnings(net(data, FC.replace("10", "13"), LOSS), path) == []
    ignoring = plus(LOSS, "loss_param { ignore_label: 12 }")
    assert warnings(net(data, FC, ignoring), path) == []
