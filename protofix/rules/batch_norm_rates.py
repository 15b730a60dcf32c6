"""Learning rates for the statistics of a BatchNorm.

Mean, variance and their weight are counted, not learned; a solver must not touch them. Caffe 1.0
sets the rates of a BatchNorm that has three `param` to 0 whenever it reads the net, whatever is
written there; older ones and many forks do as it is written, and spoil the statistics.

Wrong:

    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x"
            param { lr_mult: 1 } param { lr_mult: 1 } param { lr_mult: 1 } }

Right:

    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x"
            param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } }
"""

from protofix.net.layers import Layer, Net
from protofix.net.parameters import BATCH_NORM_STATISTICS
from protofix.rulebook.upgrading import Old, old_format
from protofix.textproto.literals import parse_float
from protofix.textproto.tree import Message, messages_named, scalars_named

CODE = "PF206"
NAME = "batch-norm-rates"
SEVERITY = "info"


def _look(net: Net) -> Old | None:
    for layer in net.layers:
        param = _learning(layer)
        if param is not None:
            said = (
                f"`{layer.name}` gives its statistics a learning rate, for which Caffe takes 0: "
                "write `lr_mult: 0`"
            )
            return Old(param, said)
    return None


def _learning(layer: Layer) -> Message | None:
    """The first `param` that does not say 0."""
    params = messages_named(layer.node.fields, "param")
    if layer.format < 2 or layer.type != "BatchNorm" or len(params) != BATCH_NORM_STATISTICS:
        return None
    for param in params:
        rates = scalars_named(param.fields, "lr_mult")
        if not rates or parse_float(rates[-1].value) != 0:
            return param
    return None


check = old_format(_look, ("batch-norm",), "write 0, as `protofix upgrade` does")
