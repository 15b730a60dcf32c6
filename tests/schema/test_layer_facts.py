"""The facts of the layer types are those of the table, and V1's types lead to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from caffe_proto import LAYERS, V1_TYPES, LayerFacts, base_schema

TABLE = Path(__file__).parents[2].parent / "shared" / "schema" / "layers.tsv"
needs_table = pytest.mark.skipif(
    not TABLE.exists(), reason="needs ../shared, which this checkout has not"
)


def read_table() -> dict[str, list[str]]:
    lines = TABLE.read_text().splitlines()
    return {row[0]: row for row in (line.split("\t") for line in lines[1:])}


IN_TABLE = read_table() if TABLE.exists() else {}


def as_row(facts: LayerFacts) -> list[str]:
    """Write the facts as the table has them, its conditions in words included."""

    def count(value: int | None) -> str:
        if value is None:
            return "-1"
        if facts.exposed_states:
            more = value + facts.exposed_states
            return f"{value}; {more} with recurrent_param.expose_hidden"
        return str(value)

    top_max = "2 with pool: MAX, else 1" if facts.mask_top else count(facts.top_max)
    flags = (facts.bottom_equals_top, facts.auto_top, facts.loss, facts.neuron)
    return [
        facts.type,
        *map(count, (facts.bottom_exact, facts.bottom_min, facts.bottom_max)),
        *map(count, (facts.top_exact, facts.top_min)),
        top_max,
        *(str(flag).lower() for flag in flags),
    ]


@needs_table
@pytest.mark.parametrize("type_", sorted(IN_TABLE) or ["every type"])
def test_facts_are_those_of_the_table(type_: str) -> None:
    assert as_row(LAYERS[type_]) == IN_TABLE[type_]


@needs_table
def test_no_other_types() -> None:
    assert LAYERS.keys() == IN_TABLE.keys()


def test_each_type_is_listed_once_under_its_own_name() -> None:
    assert all(name == facts.type for name, facts in LAYERS.items())
    assert list(LAYERS) == sorted(LAYERS)


def test_what_some_layers_take() -> None:
    infogain = LAYERS["InfogainLoss"]
    assert (infogain.bottom_exact, infogain.bottom_min, infogain.bottom_max) == (None, 2, 3)
    assert infogain.loss and infogain.auto_top
    assert (LAYERS["Data"].bottom_exact, LAYERS["Silence"].top_exact) == (0, 0)
    assert LAYERS["Pooling"].top_max == 2 and LAYERS["Pooling"].mask_top
    assert LAYERS["ReLU"].neuron and not LAYERS["Softmax"].neuron


def test_what_force_backward_leaves_out() -> None:
    left_out = {
        name: facts.never_forced for name, facts in LAYERS.items() if facts.never_forced is not None
    }
    assert left_out == {
        "ContrastiveLoss": 2,
        "HingeLoss": 1,
        "InfogainLoss": 1,
        "LSTM": 1,
        "LSTMUnit": 2,
        "MultinomialLogisticLoss": 1,
        "RNN": 1,
        "SigmoidCrossEntropyLoss": 1,
        "SoftmaxWithLoss": 1,
    }


def test_v1_types_cover_the_enum_of_the_schema() -> None:
    known = base_schema().enums["V1LayerParameter.LayerType"].values
    assert list(V1_TYPES) == [name for name in known if name != "NONE"]


def test_v1_types_lead_to_known_layers_each_to_its_own() -> None:
    assert set(V1_TYPES.values()) <= LAYERS.keys()
    assert len(set(V1_TYPES.values())) == len(V1_TYPES)


def test_v1_types_are_today_s_but_for_case_and_underscores() -> None:
    by_spelling = {name.upper(): name for name in LAYERS}
    odd = {v1: v2 for v1, v2 in V1_TYPES.items() if by_spelling.get(v1.replace("_", "")) != v2}
    assert odd == {"SOFTMAX_LOSS": "SoftmaxWithLoss"}
