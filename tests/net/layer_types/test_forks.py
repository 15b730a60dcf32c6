"""Whole nets of forks in the corpus: nothing is refused, and every shape is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import SHARED, needs_shared

from protofix.api import parse
from protofix.net.shapes import Shape, is_known
from protofix.net.view import NetBuilder
from protofix.net.which_caffe import CAFFE_1_0

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
    view = NetBuilder(parse(path.read_text(encoding="utf-8")), CAFFE_1_0, given=NETS[name]).view()
    for one in view.built:
        assert [refusal.message for refusal in one.refusals] == []
        assert all(is_known(shape) for shape in one.shapes.values())
