"""Segmentation in forks: SegNet, DeepLab, PSPNet and CRF-RNN."""

from __future__ import annotations

import pytest
from fork_tables import Makes, Refuses, said_of, tops_of

# The layer, its bottoms, and the shapes of its tops; ? for what is not known.
TOPS: list[Makes] = [
    # SegNet
    ('type: "Upsample" upsample_param { scale: 2 }',
     ["4 512 12 15", "4 512 12 15"], ["4 512 24 30"]),
    ('type: "Upsample"', ["4 512 12 15", "4 512 12 15"], ["4 512 24 30"]),
    ('type: "Upsample" upsample_param { scale: 2 pad_out_h: true }',
     ["4 512 12 15", "4 512 12 15"], ["4 512 23 30"]),
    ('type: "Upsample" upsample_param { scale_h: 2 scale_w: 3 }',
     ["4 512 12 15", None], ["4 512 24 45"]),
    ('type: "Upsample" upsample_param { scale: 2 upsample_w: 60 upsample_h: 45 }',
     [None, None], ["? ? 45 60"]),
    ('type: "BN" bn_param { scale_filler { value: 1 } shift_filler { } }',
     ["4 64 360 480"], ["4 64 360 480"]),
    ('type: "BN" bn_param { bn_mode: LEARN }', ["4 64"], ["4 64 1 1", "1 64 1 1", "1 64 1 1"]),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 }', [], ["4 3 ? ?", "4 1 ? ?"]),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 is_color: false '
     "new_height: 90 new_width: 120 }",
     [], ["4 1 90 120", "4 1 90 120"]),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 new_height: 90 new_width: '
     "120 crop_height: 64 crop_width: 80 }",
     [], ["4 3 64 80", "4 1 64 80"]),
    # DeepLab and PSPNet
    ('type: "Interp" interp_param { height: 473 width: 475 }', ["1 21 60 60"], ["1 21 473 475"]),
    ('type: "Interp" interp_param { zoom_factor: 8 }', ["1 21 41 41"], ["1 21 321 321"]),
    ('type: "Interp" interp_param { shrink_factor: 8 pad_beg: 0 pad_end: 0 }',
     ["20 1 321 513"], ["20 1 41 65"]),
    ('type: "Interp" interp_param { shrink_factor: 2 zoom_factor: 3 }',
     ["1 1 9 10"], ["1 1 13 13"]),
    ('type: "Interp" interp_param { zoom_factor: 2 pad_beg: -1 pad_end: -2 }',
     ["1 1 9 10"], ["1 1 11 13"]),
    ('type: "Interp"', ["1 21 41 41", "1 3 321 500"], ["1 21 321 500"]),
    ('type: "Interp" interp_param { of_another_fork: 2 }', ["1 21 41 41"], ["1 21 ? ?"]),
    ('type: "BN" bn_param { slope_filler { } frozen: true }', ["1 64 30 30"], ["1 64 30 30"]),
    ('type: "ImageSegData" image_data_param { batch_size: 20 } transform_param { crop_size: 321 }',
     [], ["20 3 321 321", "20 1 321 321", "20 1 1 2"]),
    ('type: "ImageSegData" image_data_param { batch_size: 2 } transform_param { crop_height: 8 '
     "crop_width: 9 }",
     [], ["2 3 8 9", "2 1 8 9", "2 1 1 2"]),
    ('type: "SegAccuracy"', ["20 21 41 41", "20 1 41 41"], ["1 1 1 3"]),
    ('type: "UniqueLabel" unique_label_param { max_labels: 5 force_label: 0 }',
     ["20 1 41 41"], ["20 5 1 1"]),
    ('type: "BiasChannel"', ["20 21 41 41", "20 5 1 1"], ["20 21 41 41"]),
    ('type: "BiasChannel" bias_channel_param { label_type: PIXEL }',
     ["2 21 4 5", "2 1 4 5"], ["2 21 4 5"]),
    ('type: "AdaptiveBiasChannel"', ["20 21 41 41", "20 5"], ["20 21 41 41"]),
    ('type: "SpatialProduct"', ["20 21 41 41", "20 1 41 41"], ["20 21 41 41"]),
    ('type: "DenseCRF" dense_crf_param { bi_w: 1 bi_xy_std: 1 bi_rgb_std: 1 }',
     ["1 21 513 513", "1 1 1 2", "1 3 513 513"], ["1 21 513 513"]),
    ('type: "DomainTransform"', ["1 21 513 513", "1 1 513 513", "1 1 1 2"], ["1 21 513 513"]),
    ('type: "MatWrite" mat_write_param { prefix: "x" }', ["1 21 4 5"], []),
    ('type: "MatRead" mat_read_param { prefix: "x" batch_size: 3 }', [], ["3 ? ? ?"]),
    ('type: "MultiStageMeanfield"',
     ["1 21 500 500", "1 21 500 500", "1 3 500 500"], ["1 21 500 500"]),
]  # fmt: skip

# The layer, its bottoms, how many tops, and a piece of what is said.
REFUSED: list[Refuses] = [
    # SegNet
    ('type: "Upsample" upsample_param { scale: 2 }',
     ["4 8 5 5", "4 8 6 5"], 1, "they must have the same height"),
    ('type: "Upsample" upsample_param { scale: 2 }',
     ["4 8 5 5", "4 8"], 1, "it is for images, with 4 axes"),
    ('type: "Upsample" upsample_param { scale: 1 }', ["4 8 5 5", "4 8 5 5"], 1, "at least 2"),
    ('type: "Upsample" upsample_param { scale_h: 2 }',
     ["4 8 5 5", "4 8 5 5"], 1, "both scale_h and scale_w"),
    ('type: "Upsample" upsample_param { scale: 3 pad_out_w: true }',
     ["4 8 5 5", "4 8 5 5"], 1, "for scale: 2 only"),
    ('type: "Upsample" upsample_param { upsample_h: 9 upsample_w: 1 }',
     ["4 8 5 5", "4 8 5 5"], 1, "each side must be more than 1"),
    ('type: "Upsample" upsample_param { upsample_h: 9 upsample_w: 9 }',
     ["4 8 5 5"], 1, "needs the mask"),
    ('type: "BN" bn_param { bn_mode: INFERENCE }', ["4 8 5 5"], 2, "makes 1 top; it has 2"),
    ('type: "BN" bn_param { frozen: true }', ["4 8 5 5"], 3, "makes 1 top; it has 3"),
    ('type: "BN" bn_param { scale_filler { type: "constnt" } }', ["4 8 5 5"], 1,
     'did you mean "constant"?'),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 new_height: 9 }',
     [], 2, "new_width beside new_height"),
    ('type: "DenseImageData" dense_image_data_param { batch_size: 4 } transform_param { '
     "mirror: true }",
     [], 2, "would not treat the labels alike"),
    # DeepLab and PSPNet
    ('type: "Interp" interp_param { height: 9 }', ["1 8 5 5"], 1, "needs height and width"),
    ('type: "Interp" interp_param { height: 9 width: 0 }', ["1 8 5 5"], 1, "is to make 9 × 0"),
    ('type: "Interp" interp_param { zoom_factor: 0 }', ["1 8 5 5"], 1, "at least 1"),
    ('type: "Interp" interp_param { zoom_factor: 2 pad_beg: 1 }',
     ["1 8 5 5"], 1, "it can only crop"),
    ('type: "Interp" interp_param { zoom_factor: 2 pad_beg: -5 }',
     ["1 8 5 5"], 1, "nothing is left"),
    ('type: "ImageSegData" image_data_param { batch_size: 4 } transform_param { crop_height: 9 }',
     [], 3, "both crop_height and crop_width"),
    ('type: "ImageSegData" image_data_param { batch_size: 4 } transform_param { mean_file: "m" }',
     [], 3, "takes no mean_file"),
    ('type: "SegAccuracy"', ["2 8 5 5", "2 1 5 6"], 1, "they must have the same width"),
    ('type: "SegAccuracy"', ["2 8 5 5", "2 2 5 5"], 1, "its channels must be 1"),
    ('type: "UniqueLabel" unique_label_param { max_labels: 1 force_label: 0 }',
     ["2 1 5 5"], 1, "one more"),
    ('type: "BiasChannel"', ["2 8 5 5", "2 3 5 5"], 1, "its height and width must be 1"),
    ('type: "AdaptiveBiasChannel" adaptive_bias_channel_param { bg_portion: 2 }',
     ["2 8 5 5", "2 3"], 1, "from 0 to 1"),
    ('type: "DenseCRF" dense_crf_param { pos_w: 1 }',
     ["2 8 5 5", "2 1 1 2"], 1, "1 pos_w and 0 pos_xy_std"),
    ('type: "DenseCRF"', ["2 8 5 5", "2 1 1 2", "2 3 5 5"], 1, "has no bi_w"),
    ('type: "DomainTransform" domain_transform_param { num_iter: 0 }',
     ["2 8 5 5", "2 1 5 5", "2 2"], 1, "num_iter"),
    ('type: "MultiStageMeanfield" multi_stage_meanfield_param { num_iterations: 1 }',
     ["1 8 5 5", "1 8 5 5", "1 8 5 5"], 1, "at least 2"),
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
