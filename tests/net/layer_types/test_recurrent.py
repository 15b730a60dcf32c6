"""LSTM, RNN and LSTMUnit: what they make, and what Caffe or the net inside would refuse."""

from __future__ import annotations

from building import Makes, Refuses, built, makes, refuses

LSTM = 'type: "LSTM" recurrent_param { num_output: 10 }'
RNN = 'type: "RNN" recurrent_param { num_output: 10 }'
EXPOSED_LSTM = 'type: "LSTM" recurrent_param { num_output: 10 expose_hidden: true }'
EXPOSED_RNN = 'type: "RNN" recurrent_param { num_output: 10 expose_hidden: true }'
UNIT = 'type: "LSTMUnit"'

STATE = "1 2 10"
LSTM_PARAMS = ["40 12", "40", "40 10"]
RNN_PARAMS = ["10 12", "10", "10 10", "10 10", "10"]

# 5 time steps of 2 streams; with expose_hidden, states come in and go out beside.
BUILT: list[Makes] = [
    (LSTM, ["5 2 3 4", "5 2"], "5 2 10", LSTM_PARAMS),
    (LSTM, ["5 2 12", "5 2", "2 7"], "5 2 10", ["40 12", "40", "40 7", "40 10"]),
    (LSTM, ["5 2 12", "5 2", "2 7 3"], "5 2 10", ["40 12", "40", "40 21", "40 10"]),
    (LSTM, [None, "5 2"], "5 2 10", ["40 ?", "40", "40 10"]),
    (LSTM, [None, None], "? ? 10", ["40 ?", "40", "40 10"]),
    (LSTM, ["5 2 12", None], "5 2 10", LSTM_PARAMS),
    (
        EXPOSED_LSTM,
        ["5 2 12", "5 2", STATE, STATE],
        ["5 2 10", "1 2 10", "1 2 10"],
        LSTM_PARAMS,
    ),
    (
        EXPOSED_LSTM,
        ["5 2 12", "5 2", "2 7", STATE, None],
        ["5 2 10", "1 2 10", "1 2 10"],
        ["40 12", "40", "40 7", "40 10"],
    ),
    (RNN, ["5 2 3 4", "5 2"], "5 2 10", RNN_PARAMS),
    (
        RNN,
        ["5 2 12", "5 2", "2 7"],
        "5 2 10",
        ["10 12", "10", "10 7", "10 10", "10 10", "10"],
    ),
    (EXPOSED_RNN, ["5 2 12", "5 2", STATE], ["5 2 10", "1 2 10"], RNN_PARAMS),
    (UNIT, ["1 2 10", "1 2 40", "1 2"], ["1 2 10", "1 2 10"]),
    (UNIT, [None, "1 2 40", None], ["1 2 10", "1 2 10"]),
    (UNIT, [None, None, "1 2"], ["1 2 ?", "1 2 ?"]),
]

test_what_is_built = makes(BUILT)


REFUSED: list[Refuses] = [
    ('type: "LSTM"', ["5 2 3", "5 2"], 1, "needs num_output"),
    ('type: "RNN" recurrent_param { num_output: 0 }', ["5 2 3", "5 2"], 1, "needs num_output"),
    (LSTM, ["5 2", "5 2"], 1, "reads `b0`, which is 5 × 2: it must have at least 3 axes"),
    (LSTM, ["5", "5 2"], 1, "reads `b0`, which is 5: it must have at least 3 axes"),
    (
        RNN,
        ["5 2 3", "2 5"],
        1,
        "reads `b1`, which is 2 × 5, as flags of where a sequence goes on: as `b0` is 5 × 2 × 3, "
        "it must be 5 × 2 (time steps × streams)",
    ),
    (RNN, ["5 2 3", "10"], 1, "reads `b1`, which is 10, as flags of where a sequence goes on: it"),
    (RNN, [None, "5 2 1"], 1, "reads `b1`, which is 5 × 2 × 1"),
    (LSTM, ["0 2 3", "0 2"], 1, "there must be at least 1 time step and 1 stream"),
    (LSTM, [None, "5 0"], 1, "reads `b1`, which is 5 × 0: there must be at least 1 time step"),
    (LSTM, ["5 2 0", "5 2"], 1, "would have a parameter of 40 × 0, without values"),
    (
        LSTM,
        ["5 2 3", "5 2", "3 7"],
        1,
        "reads `b2`, which is 3 × 7, as what is the same at all time steps: its first axis must "
        "be 2, the count of streams",
    ),
    (LSTM, ["5 2 3", "5 2", "2"], 1, "reads `b2`, which is 2, as what is the same at all time"),
    (LSTM, ["5 2 3", "5 2", ""], 1, "it must have at least 2 axes (streams, values)"),
    (
        EXPOSED_LSTM,
        ["5 2 3", "5 2", STATE, "5 2 10"],
        3,
        "reads `b3`, which is 5 × 2 × 10, as the state to begin with: it must be 1 × 2 × 10",
    ),
    (EXPOSED_RNN, ["5 2 3", "5 2", "2 7", "2 10"], 2, "reads `b3`, which is 2 × 10"),
    (
        'type: "RNN" recurrent_param { num_output: 4 weight_filler { type: "bilinear" } }',
        ["5 2 3", "5 2", "2 7"],
        1,
        'has weight_filler "bilinear" but fills 4 × 3: it is for 4 axes',
    ),
    (
        'type: "LSTM" recurrent_param { num_output: 4 bias_filler { type: "konstant" } }',
        [None, None],
        1,
        'has bias_filler "konstant", which is none of Caffe\'s: did you mean "constant"?',
    ),
    (UNIT, ["5 2 10", "1 2 40", "1 2"], 2, "reads `b0`, which is 5 × 2 × 10, as the cells"),
    (UNIT, ["2 10", "1 2 40", "1 2"], 2, "reads `b0`, which is 2 × 10, as the cells: it must be"),
    (
        UNIT,
        ["1 2 10", "1 2 10", "1 2"],
        2,
        "reads `b1`, which is 1 × 2 × 10, as their 4 gates: it must be 1 × 2 × 40",
    ),
    (UNIT, [None, "1 2 42", None], 2, "reads `b1`, which is 1 × 2 × 42, as their 4 gates"),
    (
        UNIT,
        ["1 2 10", "1 2 40", "1 2 1"],
        2,
        "reads `b2`, which is 1 × 2 × 1, as the flags of where a sequence goes on: it must be",
    ),
    (UNIT, [None, "1 2 40", "1 3"], 2, "reads `b2`, which is 1 × 3"),
]

test_what_is_refused = refuses(REFUSED)


def test_each_mistake_is_said_and_leaves_only_its_own_unknown() -> None:
    it = built(LSTM, "5 2", "5 3", "2 7")
    assert [said.split(":")[0] for said in it.said] == [
        "`x` reads `b0`, which is 5 × 2",
        "`x` reads `b2`, which is 2 × 7, as what is the same at all time steps",
    ]
    assert it.tops == ((5, 3, 10),)
    assert it.params == ((40, None), (40,), (40, 7), (40, 10))
