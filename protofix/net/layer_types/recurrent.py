"""LSTM, RNN and LSTMUnit (Caffe 1.0, recurrent_layer.cpp, lstm_layer.cpp and rnn_layer.cpp).

An LSTM or an RNN builds a net of its own, a few layers for each time step. What that net would
refuse is said of the layer itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from caffe_proto import LAYERS
from protofix.net.layer_types.convolution import num_output
from protofix.net.layer_types.fillers import check_filler
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, count, differ, merged, shape_text, shapes_differ
from protofix.net.values import Values

_GATES = 4  # of an LSTM: input, forget, output, and the cell's new value


def _recurrent(it: Setup) -> Made:
    values = it.values("recurrent_param")
    lstm = it.layer.type == "LSTM"
    states = LAYERS[it.layer.type].exposed_states
    exposed = states if values.boolean("expose_hidden", False) else 0
    first_state = len(it.bottoms) - exposed
    hidden = num_output(it, values)
    steps, streams = _check_sequence(it)
    width = hidden * _GATES if hidden is not None and lstm else hidden
    weights: list[Shape] = [(width, _values_from(it.bottom(), 2))]
    if first_state > 2:
        _check_static(it, streams)
        weights.append((width, _values_from(it.bottom(2), 1)))
    weights.append((width, hidden))
    state = (1, streams, hidden)
    _check_states(it, first_state, state)
    _check_fillers(it, values, weights, (width,))
    params = [weights[0], (width,), *weights[1:]]
    if not lstm:
        params += [(hidden, hidden), (hidden,)]
    return Made(((steps, streams, hidden), *[state] * exposed), tuple(params))


def _values_from(shape: Shape, axis: int) -> Dim:
    """How many values a blob has from an axis on; None for one that ends before it."""
    return count(shape, axis) if shape is not None and len(shape) > axis else None


def _check_sequence(it: Setup) -> tuple[Dim, Dim]:
    """The counts of time steps and streams, by the sequence or by the flags of where it goes on."""
    sequence, flags = it.bottom(0), it.bottom(1)
    if sequence is not None and len(sequence) < 3:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(sequence)}: it must have at least 3 axes "
            "(time steps, streams, values)",
            0,
        )
        sequence = None
    size: Shape = sequence[:2] if sequence else (None, None)
    if flags is not None and len(flags) != 2:
        it.refuse_shape(
            f"reads {it.called(1)}, which is {shape_text(flags)}, as flags of where a sequence "
            f"goes on: it must be {shape_text(size)} (time steps × streams)",
            1,
        )
        flags = None
    if shapes_differ(size, flags):
        it.refuse_shape(
            f"reads {it.called(1)}, which is {shape_text(flags)}, as flags of where a sequence "
            f"goes on: as {it.called()} is {shape_text(sequence)}, it must be {shape_text(size)} "
            "(time steps × streams)",
            1,
        )
        flags = None
    steps, streams = merged(size, flags) or (None, None)
    if 0 in (steps, streams):
        at = 0 if sequence else 1
        it.refuse_shape(
            f"reads {it.called(at)}, which is {shape_text(it.bottom(at))}: there must be at least "
            "1 time step and 1 stream",
            at,
        )
        return steps or None, streams or None
    return steps, streams


def _check_static(it: Setup, streams: Dim) -> None:
    """Refuse a third bottom, given to every time step, that does not have a row a stream."""
    static = it.bottom(2)
    if static is None:
        return
    if len(static) < 2:
        right = "it must have at least 2 axes (streams, values)"
    elif differ(static[0], streams):
        right = f"its first axis must be {streams}, the count of streams"
    else:
        return
    it.refuse_shape(
        f"reads {it.called(2)}, which is {shape_text(static)}, as what is the same at all time "
        f"steps: {right}",
        2,
    )


def _check_states(it: Setup, first: int, state: tuple[Dim, ...]) -> None:
    for slot in range(first, len(it.bottoms)):
        if shapes_differ(it.bottom(slot), state):
            it.refuse_shape(
                f"reads {it.called(slot)}, which is {shape_text(it.bottom(slot))}, as the state "
                f"to begin with: it must be {shape_text(state)} (1 × streams × num_output)",
                slot,
            )


def _check_fillers(it: Setup, values: Values, weights: list[Shape], bias: Shape) -> None:
    for shape in weights:
        if not check_filler(it, values, "weight_filler", shape):
            # One filler for all of them, so one word on it.
            break
    check_filler(it, values, "bias_filler", bias)


def _lstm_unit(it: Setup) -> Made:
    """One time step of an LSTM: reads the cells, the values of their gates, and the flags."""
    cells, gates, flags = it.bottoms
    streams: Dim = None
    for shape, axes in ((cells, 3), (gates, 3), (flags, 2)):
        if streams is None and shape is not None and len(shape) == axes:
            streams = shape[1]
    hidden = cells[2] if cells is not None and len(cells) == 3 else None
    if hidden is None and gates is not None and len(gates) == 3 and gates[2] is not None:
        hidden = gates[2] // _GATES
    cell: Shape = (1, streams, hidden)
    width = None if hidden is None else hidden * _GATES
    wanted: tuple[Shape, ...] = (cell, (1, streams, width), (1, streams))
    roles = ("the cells", f"their {_GATES} gates", "the flags of where a sequence goes on")
    for slot, (shape, right, role) in enumerate(zip(it.bottoms, wanted, roles, strict=True)):
        if shapes_differ(shape, right):
            it.refuse_shape(
                f"reads {it.called(slot)}, which is {shape_text(shape)}, as {role}: "
                f"it must be {shape_text(right)}",
                slot,
            )
    return Made((cell, cell))


RULES: Mapping[str, Rule] = {"LSTM": _recurrent, "LSTMUnit": _lstm_unit, "RNN": _recurrent}
