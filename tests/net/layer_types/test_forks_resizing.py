"""Images made larger or smaller: Interp, Upsample, Reorg, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, built, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    # YOLO, DetectNet
    ('type: "Reorg" reorg_param { stride: 2 }', "1 64 26 26", "1 256 13 13"),
    ('type: "Reorg" reorg_param { stride: 2 reverse: true }', "1 64 13 13", "1 16 26 26"),
    ('type: "Upsample" upsample_param { scale: 2 }', "1 256 13 13", "1 256 26 26"),
    # SegNet
    ('type: "Upsample" upsample_param { scale: 2 }', ["4 512 12 15", "4 512 12 15"], "4 512 24 30"),
    ('type: "Upsample"', ["4 512 12 15", "4 512 12 15"], "4 512 24 30"),
    ('type: "Upsample" upsample_param { scale: 2 pad_out_h: true }',
     ["4 512 12 15", "4 512 12 15"], "4 512 23 30"),
    ('type: "Upsample" upsample_param { scale_h: 2 scale_w: 3 }',
     ["4 512 12 15", None], "4 512 24 45"),
    ('type: "Upsample" upsample_param { scale: 2 upsample_w: 60 upsample_h: 45 }',
     [None, None], "? ? 45 60"),
    # DeepLab and PSPNet
    ('type: "Interp" interp_param { height: 473 width: 475 }', "1 21 60 60", "1 21 473 475"),
    ('type: "Interp" interp_param { zoom_factor: 8 }', "1 21 41 41", "1 21 321 321"),
    ('type: "Interp" interp_param { shrink_factor: 8 pad_beg: 0 pad_end: 0 }',
     "20 1 321 513", "20 1 41 65"),
    ('type: "Interp" interp_param { shrink_factor: 2 zoom_factor: 3 }', "1 1 9 10", "1 1 13 13"),
    ('type: "Interp" interp_param { zoom_factor: 2 pad_beg: -1 pad_end: -2 }',
     "1 1 9 10", "1 1 11 13"),
    ('type: "Interp"', ["1 21 41 41", "1 3 321 500"], "1 21 321 500"),
    ('type: "Interp" interp_param { of_another_fork: 2 }', "1 21 41 41", "1 21 ? ?"),
]  # fmt: skip

REFUSED: list[Refuses] = [
    # YOLO, DetectNet
    ('type: "Reorg"', "1 8 6 6", "needs stride"),
    # SegNet
    ('type: "Upsample" upsample_param { scale: 2 }',
     ["4 8 5 5", "4 8 6 5"], "they must have the same height"),
    ('type: "Upsample" upsample_param { scale: 2 }',
     ["4 8 5 5", "4 8"], "it is for images, with 4 axes"),
    ('type: "Upsample" upsample_param { scale: 1 }', ["4 8 5 5", "4 8 5 5"], "at least 2"),
    ('type: "Upsample" upsample_param { scale_h: 2 }',
     ["4 8 5 5", "4 8 5 5"], "both scale_h and scale_w"),
    ('type: "Upsample" upsample_param { scale: 3 pad_out_w: true }',
     ["4 8 5 5", "4 8 5 5"], "for scale: 2 only"),
    ('type: "Upsample" upsample_param { upsample_h: 9 upsample_w: 1 }',
     ["4 8 5 5", "4 8 5 5"], "each side must be more than 1"),
    ('type: "Upsample" upsample_param { upsample_h: 9 upsample_w: 9 }',
     "4 8 5 5", "needs the mask"),
    # DeepLab and PSPNet
    ('type: "Interp" interp_param { height: 9 }', "1 8 5 5", "needs height and width"),
    ('type: "Interp" interp_param { height: 9 width: 0 }', "1 8 5 5", "is to make 9 × 0"),
    ('type: "Interp" interp_param { zoom_factor: 0 }', "1 8 5 5", "at least 1"),
    ('type: "Interp" interp_param { zoom_factor: 2 pad_beg: 1 }', "1 8 5 5", "it can only crop"),
    ('type: "Interp" interp_param { zoom_factor: 2 pad_beg: -5 }', "1 8 5 5", "nothing is left"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)


def test_what_does_not_fit_leaves_its_sides_unknown() -> None:
    layer = 'type: "Upsample" upsample_param { upsample_h: 45 upsample_w: 60 }'
    assert built(layer, "4 8 20 30", "4 8 23 30").tops == ((4, 8, None, None),)
