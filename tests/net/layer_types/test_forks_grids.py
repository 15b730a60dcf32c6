"""Detection over a grid of places: YOLO, DetectNet, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    ('type: "RegionLoss"', ["8 13 13 125", "8 150"], ""),
    ('type: "EvalDetection" eval_detection_param { side: 13 num_object: 5 }',
     ["8 13 13 125", "8 150"], "8 1"),
    ('type: "L1Loss"', ["10 4 24 78", "10 4 24 78"], ""),
    ('type: "DetectNetTransformation" detectnet_groundtruth_param { stride: 16 image_size_x: '
     "1024 image_size_y: 512 object_class { src: 1 dst: 0 } object_class { src: 2 dst: 1 } }",
     ["10 3 600 1000", "10 1 16 16"], ["10 3 512 1024", "10 10 32 64"]),
]  # fmt: skip

REFUSED: list[Refuses] = [
    ('type: "EvalDetection" eval_detection_param { side: 13 num_object: 5 }',
     ["8 13 13 75", "8 150"], "13 × 13 places with 5 boxes of 25 numbers make 21125"),
    ('type: "L1Loss"', ["2 8", "2 9"], "as many values in each item"),
    ('type: "DetectNetTransformation"', ["2 1 9 9", "2 1 9 9"], 2, "3 channels"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)
