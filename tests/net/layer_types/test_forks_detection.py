"""Detection in forks: SSD, the R-CNN family, YOLO and DetectNet."""

from __future__ import annotations

import pytest
from fork_tables import Makes, Refuses, said_of, tops_of

# The layer, its bottoms, and the shapes of its tops; ? for what is not known.
TOPS: list[Makes] = [
    # SSD
    ('type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }',
     ["1 16 38 38"], ["1 38 38 16"]),
    ('type: "Permute" permute_param { order: 1 }', ["2 3 4"], ["3 2 4"]),
    ('type: "Permute"', ["2 3 4"], ["2 3 4"]),
    ('type: "Normalize" norm_param { channel_shared: false }', ["1 512 38 38"], ["1 512 38 38"]),
    ('type: "Normalize" norm_param { }', ["1 512"], ["1 512"]),
    ('type: "PriorBox" prior_box_param { min_size: 30 img_size: 300 }', ["1 512 3 2"], ["1 2 24"]),
    ('type: "DetectionOutput" detection_output_param { num_classes: 21 }',
     ["1 34928", "1 183372", "1 2 34928"], ["1 1 1 7"]),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 21 }',
     ["8 34928", "8 183372", "1 2 34928", "1 1 5 8"], ["a single value"]),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 3 share_location: false '
     "mining_type: NONE }",
     ["8 24", "8 6", "1 2 8", "1 1 5 8"], ["a single value"]),
    ('type: "DetectionEvaluate" detection_evaluate_param { num_classes: 21 }',
     ["1 1 1 7", "1 1 9 8"], ["1 1 21 5"]),
    ('type: "AnnotatedData" data_param { batch_size: 8 } transform_param { resize_param { '
     "height: 300 width: 500 } }",
     [], ["8 ? 300 500", "? 1 ? ?"]),
    ('type: "AnnotatedData" data_param { batch_size: 8 } annotated_data_param { anno_type: '
     "BBOX } transform_param { crop_size: 224 }",
     [], ["8 ? 224 224", "1 1 ? 8"]),
    ('type: "VideoData" data_param { batch_size: 1 } video_data_param { video_type: WEBCAM }',
     [], ["1 ? ? ?", "1"]),
    # Fast and Faster R-CNN, R-FCN
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 6 }',
     ["1 512 38 63", "300 5"], ["300 512 7 6"]),
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 6 }',
     ["1 512 38 63", None], ["? 512 7 6"]),
    ('type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.06 output_dim: 21 '
     "group_size: 7 }",
     ["1 1029 38 63", "300 5"], ["300 21 7 7"]),
    ('type: "SmoothL1Loss"', ["128 84", "128 84", "128 84", "128 84"], ["a single value"]),
    ('type: "SmoothL1Loss" loss_weight: 0 loss_weight: 0',
     ["300 8 1 1", "300 8 1 1", "300 8"], ["a single value", "300 1 1 1"]),
    ('type: "SoftmaxWithLossOHEM" loss_weight: 1 loss_weight: 0 loss_weight: 0',
     ["300 2", "300"], ["a single value", "300 2", "300"]),
    ('type: "BoxAnnotatorOHEM" box_annotator_ohem_param { roi_per_img: 128 }',
     ["300 5", "300", "300 1 1 1", "300 8 1 1"], ["300 1 1 1", "300 8 1 1"]),
    # YOLO, DetectNet
    ('type: "Reorg" reorg_param { stride: 2 }', ["1 64 26 26"], ["1 256 13 13"]),
    ('type: "Reorg" reorg_param { stride: 2 reverse: true }', ["1 64 13 13"], ["1 16 26 26"]),
    ('type: "Upsample" upsample_param { scale: 2 }', ["1 256 13 13"], ["1 256 26 26"]),
    ('type: "RegionLoss"', ["8 13 13 125", "8 150"], ["a single value"]),
    ('type: "EvalDetection" eval_detection_param { side: 13 num_object: 5 }',
     ["8 13 13 125", "8 150"], ["8 1"]),
    ('type: "BoxData" data_param { batch_size: 16 }', [], ["16 ? ? ?", "16 150"]),
    ('type: "L1Loss"', ["10 4 24 78", "10 4 24 78"], ["a single value"]),
    ('type: "DetectNetTransformation" detectnet_groundtruth_param { stride: 16 image_size_x: '
     "1024 image_size_y: 512 object_class { src: 1 dst: 0 } object_class { src: 2 dst: 1 } }",
     ["10 3 600 1000", "10 1 16 16"], ["10 3 512 1024", "10 10 32 64"]),
]  # fmt: skip

# The layer, its bottoms, how many tops, and a piece of what is said.
REFUSED: list[Refuses] = [
    # SSD
    ('type: "Permute" permute_param { order: 0 order: 0 }', ["1 2 3"], 1, "an axis twice in order"),
    ('type: "Permute" permute_param { order: 3 }',
     ["1 2 3"], 1, "puts axis 3 in order, but `b0` is 1 × 2 × 3, whose axes are 0 to 2"),
    ('type: "Normalize" norm_param { }', ["7"], 1, "must have at least 2 axes"),
    ('type: "PriorBox" prior_box_param { }', ["1 8 9 9", "1 3 9 9"], 1, "needs min_size"),
    ('type: "PriorBox" prior_box_param { min_size: 0 }',
     ["1 8 9 9", "1 3 9 9"], 1, "not more than 0"),
    ('type: "PriorBox" prior_box_param { min_size: 8 max_size: 8 }',
     ["1 8 9 9", "1 3 9 9"], 1, "has max_size 8 for min_size 8: it must be more"),
    ('type: "PriorBox" prior_box_param { min_size: 8 min_size: 9 max_size: 18 }',
     ["1 8 9 9", "1 3 9 9"], 1, "has 2 min_size and 1 max_size"),
    ('type: "PriorBox" prior_box_param { min_size: 8 variance: 0.1 variance: 0.2 }',
     ["1 8 9 9", "1 3 9 9"], 1, "has 2 variance"),
    ('type: "PriorBox" prior_box_param { min_size: 8 img_h: 9 }',
     ["1 8 9 9"], 1, "both img_h and img_w"),
    ('type: "PriorBox" prior_box_param { min_size: 8 step: 8 step_h: 8 step_w: 8 }',
     ["1 8 9 9", "1 3 9 9"], 1, "has both step and step_h or step_w"),
    ('type: "PriorBox" prior_box_param { min_size: 8 }',
     ["1 8 9 9"], 1, "the image as second bottom"),
    ('type: "MultiBoxLoss" multibox_loss_param { }',
     ["8 8", "8 4", "1 2 8", "1 1 1 8"], 1, "needs num_classes"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 8", "8 6", "1 2 8", "1 1 1 8"], 1,
     "reads `b1`, which has 6 values an image, but `b2` has 2 priors, and with a score for "
     "each class that makes 4"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 16", "8 4", "1 2 8", "1 1 1 8"], 1, "with 4 numbers that makes 8"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 share_location: false }',
     ["8 16", "8 4", "1 2 8", "1 1 1 8"], 1, "needs share_location: true"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 background_label_id: 2 }',
     ["8 8", "8 4", "1 2 8", "1 1 1 8"], 1, "its labels are 0 to 1"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 do_neg_mining: false }',
     ["8 8", "8 4", "1 2 8", "1 1 1 8"], 1, "does not go with mining_type MAX_NEGATIVE"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 8", "4 4", "1 2 8", "1 1 1 8"], 1, "they must have the same number"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 8", "8 4", "1 2 8"], 1, "at least 4 bottoms"),
    ('type: "DetectionOutput" detection_output_param { num_classes: 2 nms_param { eta: 2 } }',
     ["8 8", "8 4", "1 2 8"], 1, "more than 0 and at most 1"),
    ('type: "DetectionOutput" detection_output_param { num_classes: 2 share_location: false }',
     ["8 8", "8 4", "1 2 8"], 1, "with 4 numbers a class that makes 16"),
    ('type: "DetectionEvaluate" detection_evaluate_param { num_classes: 2 }',
     ["1 1 1 7", "1 1 9 7"], 1, "1 × 1 × N × 8"),
    ('type: "AnnotatedData"', [], 2, "needs batch_size in data_param"),
    ('type: "AnnotatedData" data_param { batch_size: 8 } transform_param { resize_param { '
     "height: 300 } }",
     [], 2, "both height and width in resize_param"),
    ('type: "AnnotatedData" data_param { batch_size: 8 } transform_param { resize_param { '
     "resize_mode: FIT_SMALL_SIZE height: 3 width: 3 } }",
     [], 2, "one at a time"),
    ('type: "VideoData" data_param { batch_size: 8 } video_data_param { video_type: VIDEO }',
     [], 1, "needs video_file"),
    # Fast and Faster R-CNN, R-FCN
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 }',
     ["1 8 9 9", "3 5"], 1, "needs pooled_w"),
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 7 }',
     ["1 8 9 9 9", "3 5"], 1, "at most 4 axes"),
    ('type: "PSROIPooling" psroi_pooling_param { spatial_scale: 1 output_dim: 2 group_size: 3 }',
     ["1 8 9 9", "3 5"], 1, "which has 8 channels, but output_dim 2 and group_size 3 make 18"),
    ('type: "SmoothL1Loss"', ["128 84", "128 21"], 1, "they must have the same channels"),
    ('type: "BoxAnnotatorOHEM" box_annotator_ohem_param { roi_per_img: 0 }',
     ["300 4", "300", "300", "300 8"], 2, "it must be at least 1"),
    ('type: "BoxAnnotatorOHEM"', ["300 4", "300", "300", "300 8"], 2, "a region has 5 numbers"),
    ('type: "SoftmaxWithLossOHEM"', ["2 3 4 4", "2 1 4 5"], 1, "a label for each place, 32 in all"),
    # YOLO, DetectNet
    ('type: "Reorg"', ["1 8 6 6"], 1, "needs stride"),
    ('type: "EvalDetection" eval_detection_param { side: 13 num_object: 5 }',
     ["8 13 13 75", "8 150"], 1, "13 × 13 places with 5 boxes of 25 numbers make 21125"),
    ('type: "BoxData" data_param { batch_size: 1 side: 13 side: 7 }', [], 2, "2 side and 1 tops"),
    ('type: "L1Loss"', ["2 8", "2 9"], 1, "as many values in each item"),
    ('type: "DetectNetTransformation"', ["2 1 9 9", "2 1 9 9"], 2, "3 channels"),
]  # fmt: skip


@pytest.mark.parametrize("case", TOPS, ids=lambda it: f"{it[0]} {it[1]}"[:90])
def test_what_a_layer_makes(case: Makes) -> None:
    layer, bottoms, tops = case
    assert tops_of(layer, bottoms, len(tops)) == tops


@pytest.mark.parametrize("case", TOPS, ids=lambda it: f"{it[0]} {it[1]}"[:90])
def test_nothing_is_refused_of_what_is_not_known(case: Makes) -> None:
    layer, bottoms, tops = case
    assert said_of(layer, [None] * len(bottoms), len(tops)) == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda it: f"{it[0]} {it[1]}"[:90])
def test_what_a_fork_would_refuse(case: Refuses) -> None:
    layer, bottoms, tops, piece = case
    said = said_of(layer, bottoms, tops)
    assert any(piece in message for message in said), said
