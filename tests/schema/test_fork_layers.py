"""The facts of the forks' layer types: all that the dialects have, and none that Caffe has."""

from __future__ import annotations

import pytest

from caffe_proto import DIALECTS, FORK_LAYERS, LAYERS, LayerFacts, layer_types


def bottoms(facts: LayerFacts) -> tuple[int | None, int | None, int | None]:
    return facts.bottom_exact, facts.bottom_min, facts.bottom_max


def tops(facts: LayerFacts) -> tuple[int | None, int | None, int | None]:
    return facts.top_exact, facts.top_min, facts.top_max


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_type_of_a_dialect_has_facts(dialect: str) -> None:
    assert layer_types(dialect) - LAYERS.keys() <= FORK_LAYERS.keys()


def test_each_type_is_listed_once_under_its_own_name() -> None:
    assert all(name == facts.type for name, facts in FORK_LAYERS.items())
    assert list(FORK_LAYERS) == sorted(FORK_LAYERS)
    assert not FORK_LAYERS.keys() & LAYERS.keys()


@pytest.mark.parametrize("type_", FORK_LAYERS)
def test_counts_are_exact_or_within_bounds(type_: str) -> None:
    facts = FORK_LAYERS[type_]
    for exact, least, most in (bottoms(facts), tops(facts)):
        assert exact is None or (least, most) == (None, None)
        assert least is None or most is None or least < most


def test_what_some_layers_take() -> None:
    assert bottoms(FORK_LAYERS["ROIPooling"]) == (2, None, None)
    # Fast R-CNN weighs with a third bottom, Faster R-CNN with a third and a fourth.
    assert bottoms(FORK_LAYERS["SmoothL1Loss"]) == (None, 2, 4)
    # SegNet gives the statistics of a batch as second and third top.
    assert tops(FORK_LAYERS["BN"]) == (None, 1, 3)
    assert bottoms(FORK_LAYERS["AnnotatedData"]) == (0, None, None)
    assert FORK_LAYERS["MultiBoxLoss"].loss and FORK_LAYERS["MultiBoxLoss"].auto_top
    # The R-CNN forks' has no loss weight that is not written.
    assert FORK_LAYERS["SmoothL1Loss"].auto_top and not FORK_LAYERS["SmoothL1Loss"].loss
    assert FORK_LAYERS["MultiBoxLoss"].never_forced == 1
    assert FORK_LAYERS["SmoothL1Loss"].never_forced is None
    assert FORK_LAYERS["ReLU6"].neuron and not FORK_LAYERS["Interp"].neuron
    assert FORK_LAYERS["DepthwiseConvolution"].bottom_equals_top
