"""Segmentation: DeepLab, PSPNet and CRF-RNN, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    ('type: "SegAccuracy"', ["20 21 41 41", "20 1 41 41"], "1 1 1 3"),
    ('type: "UniqueLabel" unique_label_param { max_labels: 5 force_label: 0 }',
     "20 1 41 41", "20 5 1 1"),
    ('type: "BiasChannel"', ["20 21 41 41", "20 5 1 1"], "20 21 41 41"),
    ('type: "BiasChannel" bias_channel_param { label_type: PIXEL }',
     ["2 21 4 5", "2 1 4 5"], "2 21 4 5"),
    ('type: "AdaptiveBiasChannel"', ["20 21 41 41", "20 5"], "20 21 41 41"),
    ('type: "SpatialProduct"', ["20 21 41 41", "20 1 41 41"], "20 21 41 41"),
    ('type: "DenseCRF" dense_crf_param { bi_w: 1 bi_xy_std: 1 bi_rgb_std: 1 }',
     ["1 21 513 513", "1 1 1 2", "1 3 513 513"], "1 21 513 513"),
    ('type: "DomainTransform"', ["1 21 513 513", "1 1 513 513", "1 1 1 2"], "1 21 513 513"),
    ('type: "MatWrite" mat_write_param { prefix: "x" }', "1 21 4 5", []),
    ('type: "MultiStageMeanfield"',
     ["1 21 500 500", "1 21 500 500", "1 3 500 500"], "1 21 500 500",
     ["1 1 21 21", "1 1 21 21", "1 1 21 21"]),
    ('type: "MultiStageMeanfield"',
     ["1 21 5 5", "1 21 5 5", "1 21 5 5"], "1 21 5 5", ["1 1 21 21", "1 1 21 21", "1 1 21 21"]),
]  # fmt: skip

REFUSED: list[Refuses] = [
    ('type: "SegAccuracy"', ["2 8 5 5", "2 1 5 6"], "they must have the same width"),
    ('type: "SegAccuracy"', ["2 8 5 5", "2 2 5 5"], "its channels must be 1"),
    ('type: "UniqueLabel" unique_label_param { max_labels: 1 force_label: 0 }',
     "2 1 5 5", "one more"),
    ('type: "BiasChannel"', ["2 8 5 5", "2 3 5 5"], "its height and width must be 1"),
    ('type: "AdaptiveBiasChannel" adaptive_bias_channel_param { bg_portion: 2 }',
     ["2 8 5 5", "2 3"], "from 0 to 1"),
    ('type: "DenseCRF" dense_crf_param { pos_w: 1 }',
     ["2 8 5 5", "2 1 1 2"], "1 pos_w and 0 pos_xy_std"),
    ('type: "DenseCRF"', ["2 8 5 5", "2 1 1 2", "2 3 5 5"], "has no bi_w"),
    ('type: "DomainTransform" domain_transform_param { num_iter: 0 }',
     ["2 8 5 5", "2 1 5 5", "2 2"], "num_iter"),
    ('type: "MultiStageMeanfield" multi_stage_meanfield_param { num_iterations: 1 }',
     ["1 8 5 5", "1 8 5 5", "1 8 5 5"], "at least 2"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)
