"""A Dropout with dropout_ratio 1, in a net that trains.

The ratio is the share that is dropped, not the share that is kept. Of 1, nothing is kept, and Caffe
divides what is left by 1 − ratio to make up for what is dropped: 0 × ∞ is NaN, and so is every
value from there on (on a GPU they may be infinite). A ratio below 0 or above 1 is PF313's.

Wrong:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            dropout_param { dropout_ratio: 1 } }

Right:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            dropout_param { dropout_ratio: 0.5 } }
"""

from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.parameters import phase_of
from protofix.net.setup import subject_of
from protofix.net.values import bool_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF323"
NAME = "drops-everything"
SEVERITY = "warning"
TYPES = ("Dropout",)

# Caffe holds the ratio in 32 bits: what is nearer to 1 than to the numbers beside it is 1.
_LEAST, _MOST = 1 - 2**-25, 1 + 2**-24


def _check(view: NetView) -> Iterator[Hit]:
    for layer in view.net.layers:
        if layer.type != "Dropout" or not _is_trained(view, layer):
            continue
        values = layer.values("dropout_param")
        at = values.field("dropout_ratio")
        ratio = values.real("dropout_ratio", 0.5)
        if at is not None and _LEAST <= ratio <= _MOST:
            # Some forks can leave out the division.
            left = "NaN" if bool_of(values.fields, "scale_train", True) else "0"
            message = (
                f"{subject_of(layer)} drops everything (dropout_ratio 1): all that it makes in "
                f"TRAIN is {left}; the ratio is the share to drop, such as 0.5"
            )
            yield Hit(at.start, at.end, message)


def _is_trained(view: NetView, layer: Layer) -> bool:
    phase = phase_of(layer)
    return any((phase or graph.state.phase) == "TRAIN" for graph, _ in view.keeping(layer))


check = of_nets(_check)
