"""Layer types of forks: their parameters, SSD300's boxes, and whole nets of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from building import built
from shared_data import SHARED, needs_shared

from caffe_proto import FORK_LAYERS, LAYERS
from protofix.api import parse
from protofix.net.layer_types.registry import rule_of
from protofix.net.shapes import Shape, is_known
from protofix.net.view import view_of

# A map of SSD300, the fields of its PriorBox, and how many boxes that makes.
SSD300 = [
    ("1 512 38 38", "min_size: 30 max_size: 60 aspect_ratio: 2", 5776),
    ("1 1024 19 19", "min_size: 60 max_size: 111 aspect_ratio: 2 aspect_ratio: 3", 2166),
    ("1 512 10 10", "min_size: 111 max_size: 162 aspect_ratio: 2 aspect_ratio: 3", 600),
    ("1 256 5 5", "min_size: 162 max_size: 213 aspect_ratio: 2 aspect_ratio: 3", 150),
    ("1 256 3 3", "min_size: 213 max_size: 264 aspect_ratio: 2", 36),
    ("1 256 1 1", "min_size: 264 max_size: 315 aspect_ratio: 2", 4),
]


@pytest.mark.parametrize(("features", "fields", "boxes"), SSD300)
def test_prior_boxes_are_those_of_ssd(features: str, fields: str, boxes: int) -> None:
    layer = f'type: "PriorBox" prior_box_param {{ {fields} flip: true variance: 0.1 }}'
    assert built(layer, features, "1 3 300 300").tops == ((1, 2, 4 * boxes),)


def test_the_boxes_of_ssd300_are_8732_in_all() -> None:
    assert sum(boxes for *_, boxes in SSD300) == 8732


@pytest.mark.parametrize(
    ("fields", "priors"),
    [
        ("min_size: 8", 1),
        ("min_size: 8 max_size: 16", 2),
        ("min_size: 8 min_size: 16", 2),
        ("min_size: 8 aspect_ratio: 2 flip: false", 2),
        ("min_size: 8 aspect_ratio: 2", 3),
        ("min_size: 8 aspect_ratio: 1", 1),
        ("min_size: 8 aspect_ratio: 2 aspect_ratio: 0.5", 3),
        ("min_size: 8 min_size: 9 max_size: 16 max_size: 18 aspect_ratio: 2 aspect_ratio: 3", 12),
    ],
)
def test_no_ratio_counts_twice(fields: str, priors: int) -> None:
    layer = f'type: "PriorBox" prior_box_param {{ {fields} }}'
    assert built(layer, "1 4 1 1", "1 3 9 9").tops == ((1, 2, 4 * priors),)


@pytest.mark.parametrize(
    ("layer", "bottoms", "params"),
    [
        ('type: "Normalize" norm_param { channel_shared: false }', ["1 512 38 38"], ((512,),)),
        ('type: "Normalize" norm_param { }', ["1 512 38 38"], ((),)),
        ('type: "Normalize"', ["1 512 38 38"], None),  # SSD's has one, others have none
        ('type: "BN" bn_param { bn_mode: LEARN }', ["4 64 9 9"], ((1, 64, 1, 1),) * 2),
        ('type: "BN" bn_param { frozen: true }', ["4 64 9 9"], (None,) * 4),
        ('type: "BN"', ["4 64 9 9"], None),
        ('type: "SyncBN"', ["4 64 9 9"], ((1, 64),) * 4),
        ('type: "MultiStageMeanfield"', ["1 21 5 5"] * 3, ((1, 1, 21, 21),) * 3),
        (
            'type: "DepthwiseConvolution" convolution_param { num_output: 8 group: 8 '
            "kernel_size: 1 }",
            ["1 8 9 9"],
            ((8, 1, 1, 1), (8,)),
        ),
        (
            'type: "ConvolutionDepthwise" convolution_param { kernel_size: 3 bias_term: false }',
            ["1 8 9 9"],
            ((8, 1, 3, 3),),
        ),
        ('type: "PriorBox" prior_box_param { min_size: 8 img_size: 9 }', ["1 8 9 9"], ()),
    ],
)
def test_parameters(layer: str, bottoms: list[str], params: tuple[Shape, ...] | None) -> None:
    assert built(layer, *bottoms).params == params


def test_what_does_not_fit_leaves_its_sides_unknown() -> None:
    layer = 'type: "Upsample" upsample_param { upsample_h: 45 upsample_w: 60 }'
    assert built(layer, "4 8 20 30", "4 8 23 30").tops == ((4, 8, None, None),)


@pytest.mark.parametrize("type_", FORK_LAYERS)
def test_every_type_with_facts_has_a_rule(type_: str) -> None:
    assert rule_of(type_) is not None and type_ not in LAYERS


# Nets of the corpus by what their data layers give, whose shapes are then all known.
NETS: dict[str, dict[str, Shape]] = {
    "segnet/Models/segnet_train.prototxt": {"data": (4, 3, 360, 480), "label": (4, 1, 360, 480)},
    "segnet/Models/segnet_basic_train.prototxt": {
        "data": (4, 3, 360, 480),
        "label": (4, 1, 360, 480),
    },
    "segnet/Models/bayesian_segnet_basic_train.prototxt": {
        "data": (4, 3, 360, 480),
        "label": (4, 1, 360, 480),
    },
    "py-faster-rcnn/models/pascal_voc/VGG16/fast_rcnn/train.prototxt": {
        "data": (2, 3, 600, 1000),
        "rois": (128, 5),
        "labels": (128,),
        "bbox_targets": (128, 84),
        "bbox_inside_weights": (128, 84),
        "bbox_outside_weights": (128, 84),
    },
}


@needs_shared
@pytest.mark.parametrize("name", NETS)
def test_a_net_of_a_fork_is_built_whole(name: str) -> None:
    path: Path = SHARED / "corpus" / name
    view = view_of(parse(path.read_text(encoding="utf-8")), given=NETS[name])
    for one in view.built:
        assert [refusal.message for refusal in one.refusals] == []
        assert all(is_known(shape) for shape in one.shapes.values())
