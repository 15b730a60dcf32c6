"""BatchNorm, LRN and MVN: what they make, and what Caffe would refuse."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, built_net, makes, refuses, shapes_of

from caffe_proto import DIALECTS, dialect_schema

LEARNED = "param { lr_mult: 1 }"
FIXED = "param { lr_mult: 0 }"
STATISTICS = ["3", "3", "1"]

BUILT: list[Makes] = [
    ('type: "BatchNorm"', "2 3 4 5", "2 3 4 5", STATISTICS),
    ('type: "BatchNorm"', "2 3", "2 3", STATISTICS),
    ('type: "BatchNorm"', None, None, ["?", "?", "1"]),
    (f'type: "BatchNorm" {FIXED}', "2 3", "2 3", STATISTICS),
    (f'type: "BatchNorm" {FIXED * 3}', "2 3", "2 3", STATISTICS),
    # Of all three Caffe sets the rates to 0 itself.
    (f'type: "BatchNorm" {LEARNED * 3}', "2 3", "2 3", STATISTICS),
    (
        f'type: "BatchNorm" batch_norm_param {{ scale_bias: true }} {LEARNED * 5}',
        "2 3",
        "2 3",
        [*STATISTICS, "3", "3"],
    ),
    ('type: "LRN"', "2 3 4 5", "2 3 4 5"),
    ('type: "LRN" lrn_param { local_size: 1 }', "2 3 4 5", "2 3 4 5"),
    (
        'type: "LRN" lrn_param { local_size: 9 norm_region: WITHIN_CHANNEL }',
        "2 3 4 5",
        "2 3 4 5",
    ),
    ('type: "LRN"', None, "? ? ? ?"),
    ('type: "MVN"', "2 3 4 5", "2 3 4 5"),
    ('type: "MVN"', "2 3", "2 3 1 1"),
    ('type: "MVN"', "", "1 1 1 1"),
    ('type: "MVN"', None, "? ? ? ?"),
    ('type: "MVN"', "2 0 4 5", "2 0 4 5"),
]

test_what_is_built = makes(BUILT)


# NVIDIA's has the factors and the bias of a Scale in it, and sets the rates of statistics itself.
SCALED = "batch_norm_param { scale_filler { value: 1 } }"
BUILT_BY_NVIDIA: list[Makes] = [
    (f'type: "BatchNorm" {LEARNED}', "2 3", "2 3", STATISTICS),
    (f'type: "BatchNorm" {SCALED} {LEARNED * 5}', "2 3", "2 3", [*STATISTICS, "3", "3"]),
    (f'type: "BatchNorm" {SCALED.replace("scale", "bias")}', "2 3", "2 3", [*STATISTICS, "3", "3"]),
]
test_what_nvidia_builds = makes(BUILT_BY_NVIDIA, dialect="nvidia")

# That of before has them in front, always.
BUILT_BY_NVIDIA_015: list[Makes] = [
    (f'type: "BatchNorm" {LEARNED}', "2 3", "2 3", ["3", "3", "3", "3", "1"]),
    (f'type: "BatchNorm" {SCALED} {LEARNED * 5}', "2 3", "2 3", ["3", "3", "3", "3", "1"]),
]
test_what_nvidia_built_before = makes(BUILT_BY_NVIDIA_015, dialect="nvidia015")

# Three take any rates, beside NVIDIA's of before, whose first are learned, and Intel's for engines.
# The rest demand 0 as Caffe 1.0 does, or have no BatchNorm that could take any.
TAKE_ANY_RATES = ["nvidia", "pspnet", "rfcn"]
DEMAND_ZERO = sorted({*DIALECTS} - {*TAKE_ANY_RATES, "nvidia015", "intel"})


@pytest.mark.parametrize("dialect", TAKE_ANY_RATES)
def test_a_fork_takes_any_rates(dialect: str) -> None:
    it = built(f'type: "BatchNorm" {LEARNED}', "2 3", dialect=dialect)
    assert (it.params, it.said) == (shapes_of(STATISTICS), [])


@pytest.mark.parametrize("dialect", DEMAND_ZERO)
def test_a_fork_demands_rates_of_0(dialect: str) -> None:
    [said] = built(f'type: "BatchNorm" {LEARNED}', "2 3", dialect=dialect).said
    assert "has lr_mult 1 in its param number 1" in said


@pytest.mark.parametrize("dialect", [*TAKE_ANY_RATES, "nvidia015", "intel"])
def test_a_fork_of_which_something_is_known_has_a_batch_norm(dialect: str) -> None:
    assert "batch_norm_param" in dialect_schema(dialect).messages["LayerParameter"].fields


# Of Intel's engines only Caffe's own takes any rates, and that has no Scale in it.
BUILT_BY_INTEL: list[Makes] = [
    ('type: "BatchNorm"', "2 3", "2 3", STATISTICS),
    (f'type: "BatchNorm" {FIXED * 3} {LEARNED * 2}', "2 3", "2 3", [*STATISTICS, "3", "3"]),
    (f'type: "BatchNorm" engine: "CAFFE" {LEARNED}', "2 3", "2 3", STATISTICS),
    (
        f'type: "BatchNorm" batch_norm_param {{ engine: CAFFE }} {LEARNED}',
        "2 3",
        "2 3",
        STATISTICS,
    ),
]
test_what_intel_builds = makes(BUILT_BY_INTEL, dialect="intel")

REFUSED_BY_INTEL: list[Refuses] = [
    (f'type: "BatchNorm" {LEARNED}', "2 3", "has lr_mult 1 in its param number 1"),
    (
        f'type: "BatchNorm" batch_norm_param {{ engine: MKLDNN }} {LEARNED}',
        "2 3",
        "has lr_mult 1 in its param number 1",
    ),
    (f'type: "BatchNorm" {FIXED * 6}', "2 3", "has 6 param"),
]
test_what_intel_refuses = refuses(REFUSED_BY_INTEL, dialect="intel")


REFUSED: list[Refuses] = [
    ('type: "BatchNorm"', "6", "reads `b0`, which is 6: it must have at least 2 axes"),
    ('type: "BatchNorm"', "", "reads `b0`, which is a single value"),
    ('type: "BatchNorm"', "0 3", "reads `b0`, which is 0 × 3, without values"),
    (f'type: "BatchNorm" {LEARNED}', "2 3", "has lr_mult 1 in its param number 1"),
    (f'type: "BatchNorm" {FIXED} param {{ }}', "2 3", "has no lr_mult in its param number 2"),
    (f'type: "BatchNorm" {LEARNED * 4}', "2 3", "has 4 param"),
    ('type: "LRN" lrn_param { local_size: 4 }', "2 3 4 5", "local_size 4: it must be odd: 3 or 5"),
    ('type: "LRN" lrn_param { local_size: 0 }', None, "it must be odd, and at least 1"),
    ('type: "LRN"', "2 3", "reads `b0`, which is 2 × 3: LRN is for images, with 4 axes"),
    ('type: "MVN"', "1 2 3 4 5", "which is 1 × 2 × 3 × 4 × 5: MVN takes at most 4 axes"),
    ('type: "MVN"', "2 3 0", "reads `b0`, which is 2 × 3 × 0, without values"),
    (
        'type: "MVN" mvn_param { across_channels: true }',
        "2 0 4 5",
        "reads `b0`, which is 2 × 0 × 4 × 5, without values",
    ),
]

test_what_is_refused = refuses(REFUSED)


OLD = {
    "V1": 'layers { name: "x" type: LRN bottom: "d" top: "x" lrn_param { local_size: 4 } }',
    "V0": 'layers { layer { name: "x" type: "lrn" local_size: 4 } bottom: "d" top: "x" }',
}


@pytest.mark.parametrize("form", OLD)
def test_the_fields_of_old_formats(form: str) -> None:
    text = f'input: "d" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4\n{OLD[form]}\n'
    it = built_net(text)
    [refusal] = it.refusals
    assert refusal.message == "`x` has local_size 4: it must be odd: 3 or 5"
    assert text[refusal.start : refusal.end] == "local_size: 4"
    assert it.tops_of(it.graph.layers[0]) == ((1, 2, 3, 4),)
