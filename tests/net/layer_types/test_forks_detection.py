"""SSD's layers behind the predictions, made and refused."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, built_of_shapes, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    ('type: "PriorBox" prior_box_param { min_size: 30 img_size: 300 }', "1 512 3 2", "1 2 24"),
    ('type: "DetectionOutput" detection_output_param { num_classes: 21 }',
     ["1 34928", "1 183372", "1 2 34928"], "1 1 1 7"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 21 }',
     ["8 34928", "8 183372", "1 2 34928", "1 1 5 8"], ""),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 3 share_location: false '
     "mining_type: NONE }",
     ["8 24", "8 6", "1 2 8", "1 1 5 8"], ""),
    ('type: "DetectionEvaluate" detection_evaluate_param { num_classes: 21 }',
     ["1 1 1 7", "1 1 9 8"], "1 1 21 5"),
    ('type: "PriorBox" prior_box_param { min_size: 8 img_size: 9 }', "1 8 9 9", "1 2 324"),
]  # fmt: skip

REFUSED: list[Refuses] = [
    ('type: "PriorBox" prior_box_param { }', ["1 8 9 9", "1 3 9 9"], "needs min_size"),
    ('type: "PriorBox" prior_box_param { min_size: 0 }', ["1 8 9 9", "1 3 9 9"], "not more than 0"),
    ('type: "PriorBox" prior_box_param { min_size: 8 max_size: 8 }',
     ["1 8 9 9", "1 3 9 9"], "has max_size 8 for min_size 8: it must be more"),
    ('type: "PriorBox" prior_box_param { min_size: 8 min_size: 9 max_size: 18 }',
     ["1 8 9 9", "1 3 9 9"], "has 2 min_size and 1 max_size"),
    ('type: "PriorBox" prior_box_param { min_size: 8 variance: 0.1 variance: 0.2 }',
     ["1 8 9 9", "1 3 9 9"], "has 2 variance"),
    ('type: "PriorBox" prior_box_param { min_size: 8 img_h: 9 }',
     "1 8 9 9", "both img_h and img_w"),
    ('type: "PriorBox" prior_box_param { min_size: 8 step: 8 step_h: 8 step_w: 8 }',
     ["1 8 9 9", "1 3 9 9"], "has both step and step_h or step_w"),
    ('type: "PriorBox" prior_box_param { min_size: 8 }', "1 8 9 9", "the image as second bottom"),
    ('type: "MultiBoxLoss" multibox_loss_param { }',
     ["8 8", "8 4", "1 2 8", "1 1 1 8"], "needs num_classes"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 8", "8 6", "1 2 8", "1 1 1 8"],
     "reads `b1`, which has 6 values an image, but `b2` has 2 priors, and with a score for "
     "each class that makes 4"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 16", "8 4", "1 2 8", "1 1 1 8"], "with 4 numbers that makes 8"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 share_location: false }',
     ["8 16", "8 4", "1 2 8", "1 1 1 8"], "needs share_location: true"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 background_label_id: 2 }',
     ["8 8", "8 4", "1 2 8", "1 1 1 8"], "its labels are 0 to 1"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 do_neg_mining: false }',
     ["8 8", "8 4", "1 2 8", "1 1 1 8"], "does not go with mining_type MAX_NEGATIVE"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 8", "4 4", "1 2 8", "1 1 1 8"], "they must have the same number"),
    ('type: "MultiBoxLoss" multibox_loss_param { num_classes: 2 }',
     ["8 8", "8 4", "1 2 8"], "at least 4 bottoms"),
    ('type: "DetectionOutput" detection_output_param { num_classes: 2 nms_param { eta: 2 } }',
     ["8 8", "8 4", "1 2 8"], "more than 0 and at most 1"),
    ('type: "DetectionOutput" detection_output_param { num_classes: 2 share_location: false }',
     ["8 8", "8 4", "1 2 8"], "with 4 numbers a class that makes 16"),
    ('type: "DetectionEvaluate" detection_evaluate_param { num_classes: 2 }',
     ["1 1 1 7", "1 1 9 7"], "1 × 1 × N × 8"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)


IMAGE = "1 3 300 300"

# A map of SSD300, the fields of its PriorBox, and how many boxes that makes.
SSD300 = [
    ("1 512 38 38", "min_size: 30 max_size: 60 aspect_ratio: 2", 5776),
    ("1 1024 19 19", "min_size: 60 max_size: 111 aspect_ratio: 2 aspect_ratio: 3", 2166),
    ("1 512 10 10", "min_size: 111 max_size: 162 aspect_ratio: 2 aspect_ratio: 3", 600),
    ("1 256 5 5", "min_size: 162 max_size: 213 aspect_ratio: 2 aspect_ratio: 3", 150),
    ("1 256 3 3", "min_size: 213 max_size: 264 aspect_ratio: 2", 36),
    ("1 256 1 1", "min_size: 264 max_size: 315 aspect_ratio: 2", 4),
]


def prior_box(fields: str) -> str:
    return f'type: "PriorBox" prior_box_param {{ {fields} flip: true variance: 0.1 }}'


@pytest.mark.parametrize(("features", "fields", "boxes"), SSD300)
def test_prior_boxes_are_those_of_ssd(features: str, fields: str, boxes: int) -> None:
    assert built(prior_box(fields), features, IMAGE).tops == ((1, 2, 4 * boxes),)


def test_the_boxes_of_ssd300_are_8732_in_all() -> None:
    made = [built(prior_box(fields), features, IMAGE).tops[0] for features, fields, _ in SSD300]
    outcome = built_of_shapes('type: "Concat" concat_param { axis: 2 }', made)
    assert outcome.tops == ((1, 2, 4 * 8732),)


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
