"""Regions of interest: Fast and Faster R-CNN, R-FCN, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 6 }',
     ["1 512 38 63", "300 5"], "300 512 7 6"),
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 6 }',
     ["1 512 38 63", None], "? 512 7 6"),
    ('type: "PSROIPooling" psroi_pooling_param { spatial_scale: 0.06 output_dim: 21 '
     "group_size: 7 }",
     ["1 1029 38 63", "300 5"], "300 21 7 7"),
    ('type: "SmoothL1Loss"', ["128 84", "128 84", "128 84", "128 84"], ""),
    ('type: "SmoothL1Loss" loss_weight: 0 loss_weight: 0',
     ["300 8 1 1", "300 8 1 1", "300 8"], ["", "300 1 1 1"]),
    ('type: "SoftmaxWithLossOHEM" loss_weight: 1 loss_weight: 0 loss_weight: 0',
     ["300 2", "300"], ["", "300 2", "300"]),
    ('type: "BoxAnnotatorOHEM" box_annotator_ohem_param { roi_per_img: 128 }',
     ["300 5", "300", "300 1 1 1", "300 8 1 1"], ["300 1 1 1", "300 8 1 1"]),
]  # fmt: skip

REFUSED: list[Refuses] = [
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 }', ["1 8 9 9", "3 5"], "needs pooled_w"),
    ('type: "ROIPooling" roi_pooling_param { pooled_h: 7 pooled_w: 7 }',
     ["1 8 9 9 9", "3 5"], "at most 4 axes"),
    ('type: "PSROIPooling" psroi_pooling_param { spatial_scale: 1 output_dim: 2 group_size: 3 }',
     ["1 8 9 9", "3 5"], "which has 8 channels, but output_dim 2 and group_size 3 make 18"),
    ('type: "SmoothL1Loss"', ["128 84", "128 21"], "they must have the same channels"),
    ('type: "BoxAnnotatorOHEM" box_annotator_ohem_param { roi_per_img: 0 }',
     ["300 5", "300", "300", "300 8"], 2, "it must be at least 1"),
    ('type: "BoxAnnotatorOHEM"', ["300 4", "300", "300", "300 8"], 2, "a region has 5 numbers"),
    ('type: "SoftmaxWithLossOHEM"', ["2 3 4 4", "2 1 4 5"], "a label for each place, 32 in all"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)
