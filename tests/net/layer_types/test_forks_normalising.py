"""Normalising layers of forks: BN, SyncBN, Normalize, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    # SSD
    ('type: "Normalize" norm_param { channel_shared: false }',
     "1 512 38 38", "1 512 38 38", ["512"]),
    ('type: "Normalize" norm_param { }', "1 512", "1 512", [""]),
    ('type: "Normalize" norm_param { }', "1 512 38 38", "1 512 38 38", [""]),
    # SSD's has a parameter, others have none.
    ('type: "Normalize"', "1 512 38 38", "1 512 38 38", None),
    # SegNet
    ('type: "BN" bn_param { scale_filler { value: 1 } shift_filler { } }',
     "4 64 360 480", "4 64 360 480", ["1 64 1 1", "1 64 1 1"]),
    ('type: "BN" bn_param { bn_mode: LEARN }',
     "4 64", ["4 64 1 1", "1 64 1 1", "1 64 1 1"], ["1 64 1 1", "1 64 1 1"]),
    ('type: "BN" bn_param { bn_mode: LEARN }', "4 64 9 9", "4 64 9 9", ["1 64 1 1", "1 64 1 1"]),
    ('type: "BN" bn_param { frozen: true }', "4 64 9 9", "4 64 9 9", [None, None, None, None]),
    ('type: "BN"', "4 64 9 9", "4 64 9 9", None),
    # DeepLab and PSPNet
    ('type: "BN" bn_param { slope_filler { } frozen: true }',
     "1 64 30 30", "1 64 30 30", [None, None, None, None]),
    # yjxiong/caffe
    ('type: "SyncBN"', "8 64 7 7", "8 64 7 7", ["1 64", "1 64", "1 64", "1 64"]),
    ('type: "SyncBN"', "4 64 9 9", "4 64 9 9", ["1 64", "1 64", "1 64", "1 64"]),
]  # fmt: skip

REFUSED: list[Refuses] = [
    # SSD
    ('type: "Normalize" norm_param { }', "7", "must have at least 2 axes"),
    # SegNet
    ('type: "BN" bn_param { bn_mode: INFERENCE }', "4 8 5 5", 2, "makes 1 top; it has 2"),
    ('type: "BN" bn_param { frozen: true }', "4 8 5 5", 3, "makes 1 top; it has 3"),
    ('type: "BN" bn_param { scale_filler { type: "constnt" } }',
     "4 8 5 5", 'did you mean "constant"?'),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)
