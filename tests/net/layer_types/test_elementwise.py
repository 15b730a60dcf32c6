"""Layers that work value by value: what they make, and what Caffe would refuse."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, makes, refuses

from caffe_proto import LAYERS

NEURONS = sorted(name for name, facts in LAYERS.items() if facts.neuron)
STAND_IN = {"Clip": "clip_param { min: 0 max: 6 }"}


@pytest.mark.parametrize("type", NEURONS)
def test_a_neuron_makes_what_it_reads(type: str) -> None:
    it = built(f'type: "{type}" {STAND_IN.get(type, "")}', "2 3 4", phase="TRAIN")
    assert it.tops == ((2, 3, 4),)
    assert it.params == (((3,),) if type == "PReLU" else ())
    assert it.said == []


@pytest.mark.parametrize("type", NEURONS)
def test_a_neuron_of_what_is_not_known(type: str) -> None:
    it = built(f'type: "{type}"', None)
    assert it.tops == (None,)
    assert it.params == (((None,),) if type == "PReLU" else ())
    assert it.said == []


# The layer, what it reads, what it makes, which is like the first of that, and its parameters.
BUILT: list[Makes] = [
    ('type: "Dropout" dropout_param { dropout_ratio: 1 }', "2 3", "2 3"),
    ('type: "Dropout" dropout_param { dropout_ratio: 0 }', "2 3", "2 3"),
    ('type: "Exp" exp_param { base: 2 shift: -3 }', "2 3", "2 3"),
    ('type: "Log" log_param { base: -1 }', "2 3", "2 3"),
    ('type: "Log" log_param { base: 0.5 }', "2 3", "2 3"),
    ('type: "PReLU" prelu_param { channel_shared: true }', "2 3 4 5", "2 3 4 5", [""]),
    ('type: "PReLU" prelu_param { filler { type: "msra" } }', "2 3 4 5", "2 3 4 5", ["3"]),
    ('type: "Scale"', "2 6 8 9", "2 6 8 9", ["6"]),
    ('type: "Scale"', None, None, ["?"]),
    ('type: "Scale" scale_param { bias_term: true }', "2 6 8 9", "2 6 8 9", ["6", "6"]),
    ('type: "Scale" scale_param { axis: 2 num_axes: -1 }', "2 6 8 9", "2 6 8 9", ["8 9"]),
    ('type: "Scale" scale_param { axis: -2 num_axes: 2 }', "2 6 8 9", "2 6 8 9", ["8 9"]),
    ('type: "Scale" scale_param { num_axes: 0 bias_term: true }', "2 6 8", "2 6 8", ["", ""]),
    ('type: "Scale" scale_param { num_axes: -1 }', None, None, [None]),
    ('type: "Scale" scale_param { num_axes: 2 }', None, None, ["? ?"]),
    ('type: "Scale"', ["2 6 8 9", "6"], "2 6 8 9"),
    ('type: "Scale"', ["2 6 8 9", "6 8 9"], "2 6 8 9"),
    ('type: "Scale"', ["2 6 8 9", None], "2 6 8 9"),
    ('type: "Scale"', [None, "6"], None),
    ('type: "Scale" scale_param { axis: 7 }', ["2 6", ""], "2 6"),
    ('type: "Scale" scale_param { axis: 0 bias_term: true }', ["2 6 8", "2 6"], "2 6 8", ["2 6"]),
    ('type: "Scale" scale_param { bias_term: true }', ["2 6 8", None], "2 6 8", [None]),
    ('type: "Bias"', "2 6 8 9", "2 6 8 9", ["6"]),
    ('type: "Bias" bias_param { axis: 1 num_axes: 3 }', "2 6 8 9", "2 6 8 9", ["6 8 9"]),
    ('type: "Bias" bias_param { axis: -1 }', ["2 6 8 9", "9"], "2 6 8 9"),
]

test_what_is_built = makes(BUILT, "TRAIN")


REFUSED: list[Refuses] = [
    ('type: "Exp" exp_param { base: 0 }', "2 3", "has base 0: it must be a number above 0"),
    ('type: "Exp" exp_param { base: -2 }', "2 3", "has base -2"),
    ('type: "Exp" exp_param { base: 1e-50 }', "2 3", "has base 1e-50"),
    ('type: "Exp" exp_param { base: 1e50 }', "2 3", "has base 1e+50"),
    ('type: "Log" log_param { base: nan }', "2 3", "has base nan"),
    ('type: "Log" log_param { base: 1 }', None, "has base 1, to which there are no logarithms"),
    (
        'type: "Dropout" dropout_param { dropout_ratio: 1.5 }',
        "2 3",
        "has dropout_ratio 1.5: it must be from 0 to 1",
    ),
    ('type: "Dropout" dropout_param { dropout_ratio: -0.1 }', None, "has dropout_ratio -0.1"),
    ('type: "PReLU"', "6", "reads `b0`, which is 6: it must have from 2 to 4 axes"),
    ('type: "PReLU"', "2 3 4 5 6", "reads `b0`, which is 2 × 3 × 4 × 5 × 6"),
    ('type: "PReLU"', "2 3 0", "reads `b0`, which is 2 × 3 × 0, without values"),
    ('type: "PReLU"', "2 0 4", "would have a parameter of 0, without values"),
    (
        'type: "PReLU" prelu_param { filler { type: "gausian" } }',
        "2 3",
        'did you mean "gaussian"?',
    ),
    (
        'type: "Scale" scale_param { axis: 2 }',
        "2 6",
        "works on axis 2, but `b0` is 2 × 6",
    ),
    ('type: "Scale" scale_param { num_axes: 0 }', "", "works on axis 1, but `b0` is a single"),
    (
        'type: "Scale" scale_param { axis: -1 num_axes: 2 }',
        "2 6 8",
        "spans 2 axes from axis 2 on, but `b0` is 2 × 6 × 8: num_axes can be 1 at most",
    ),
    ('type: "Bias" bias_param { num_axes: -2 }', None, "has num_axes -2: give the count"),
    ('type: "Scale"', "2 0 8", "would have a parameter of 0, without values"),
    (
        'type: "Scale" scale_param { bias_term: true bias_filler { type: "bilinear" } }',
        "2 6",
        'has bias_filler "bilinear" but fills 6: it is for 4 axes',
    ),
    (
        'type: "Scale"',
        ["2 6 8 9", "2 6"],
        "multiplies by `b1`, which is 2 × 6, from axis 1 of `b0` on, but there that is 6 × 8 × 9: "
        "`axis: 0` would fit",
    ),
    (
        'type: "Bias"',
        ["2 6 8", "6 8 9"],
        "adds `b1`, which is 6 × 8 × 9, from axis 1 of `b0` on, but there that is 6 × 8",
    ),
    ('type: "Bias" bias_param { axis: 3 }', ["2 6 8", "6"], "works on axis 3"),
    # Its bias would be a single value too, but the axis is looked up for it.
    ('type: "Scale" scale_param { axis: 7 bias_term: true }', ["2 6", ""], "works on axis 7"),
    ('type: "Bias"', "2 6 0", "reads `b0`, which is 2 × 6 × 0, without values"),
    ('type: "Scale"', "0 6 0", "reads `b0`, which is 0 × 6 × 0, without values"),
]

test_what_is_refused = refuses(REFUSED, "TRAIN")


def test_what_is_dropped_matters_in_training_only() -> None:
    assert (
        built('type: "Dropout" dropout_param { dropout_ratio: 2 }', "2 3", phase="TEST").said == []
    )


def test_abs_val_does_not_work_in_place() -> None:
    assert built('type: "AbsVal" top: "b0"', "2 3", tops=0).said == [
        "`x` cannot work in place: give its top another name than its bottom"
    ]
    assert built('type: "ReLU" top: "b0"', "2 3", tops=0).said == []


def test_what_does_not_fit_leaves_the_factors_unknown() -> None:
    it = built('type: "Scale" scale_param { axis: 5 num_axes: 2 bias_term: true }', "2 6 8")
    assert it.tops == ((2, 6, 8),)
    assert it.params == ((None, None), (None, None))
    assert len(it.said) == 1
