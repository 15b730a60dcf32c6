"""What a layer's file says of its learnable parameters: names, sharing, multipliers of the rates.

Today's layers say it in `param { }`, V1 layers in `param`, `blobs_lr` and `weight_decay`.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from caffe_proto import named_dialects
from protofix.net.layers import PHASES, Layer
from protofix.net.values import enum_of, float_of, string_of
from protofix.textproto.literals import parse_float
from protofix.textproto.tree import Node, Scalar, messages_named, scalars_named

BATCH_NORM_STATISTICS = 3
"""How many blobs, and so `param` messages, a BatchNorm layer has: mean, variance, their weight."""

SCALE_BEFORE_STATISTICS = named_dialects("nvidia015")
"""The dialects whose BatchNorm has the factor and the bias of a Scale in front of its statistics,
so that its first `param` are learned."""

_SHARE_MODES = ("STRICT", "PERMISSIVE")


class ParamSpec(NamedTuple):
    """How one parameter is called and learned; None for a multiplier that is not written."""

    name: str = ""
    permissive: bool = False
    lr_mult: float | None = None
    decay_mult: float | None = None
    node: Node | Scalar | None = None


NO_SPEC = ParamSpec()
"""A parameter of which nothing is said."""


# What was read of the layers that there are; building a net in each state asks for it again.
_known: WeakKeyDictionary[Layer, tuple[ParamSpec, ...]] = WeakKeyDictionary()


def param_specs(layer: Layer) -> tuple[ParamSpec, ...]:
    """What a layer says of its parameters, in their order; there may be more of them."""
    known = _known.get(layer)
    if known is None:
        known = _known[layer] = _specs(layer)
    return known


def _specs(layer: Layer) -> tuple[ParamSpec, ...]:
    if layer.format == 2:
        specs = tuple(
            ParamSpec(
                string_of(param.fields, "name") or "",
                enum_of(param.fields, "share_mode", _SHARE_MODES) == "PERMISSIVE",
                float_of(param.fields, "lr_mult"),
                float_of(param.fields, "decay_mult"),
                param,
            )
            for param in messages_named(layer.node.fields, "param")
        )
        # Caffe sets these to 0 when it loads a net (UpgradeNetBatchNorm), if all three are there.
        if layer.type == "BatchNorm" and len(specs) == BATCH_NORM_STATISTICS:
            return tuple(spec._replace(lr_mult=0.0, decay_mult=0.0) for spec in specs)
        return specs
    return _old_specs(layer)


def _old_specs(layer: Layer) -> tuple[ParamSpec, ...]:
    # Only V1 layers have names and modes; a V0 layer's rates stand in its nested message.
    fields = layer.fields
    names = scalars_named(fields, "param") if layer.format == 1 else []
    modes = scalars_named(fields, "blob_share_mode") if layer.format == 1 else []
    rates = scalars_named(fields, "blobs_lr")
    decays = scalars_named(fields, "weight_decay")
    specs = []
    for index in range(max(map(len, (names, modes, rates, decays)))):
        name, mode, rate, decay = (
            values[index] if index < len(values) else None
            for values in (names, modes, rates, decays)
        )
        specs.append(
            ParamSpec(
                name.value if name else "",
                mode is not None and mode.value in ("PERMISSIVE", "1"),
                parse_float(rate.value) if rate else None,
                parse_float(decay.value) if decay else None,
                name or rate or decay or mode,
            )
        )
    return tuple(specs)


def written_params(layer: Layer) -> tuple[Node | Scalar, ...]:
    """Where a layer speaks of its parameters, one place for each."""
    return tuple(spec.node for spec in param_specs(layer) if spec.node is not None)


def parameter_names(layer: Layer) -> tuple[str, ...]:
    """The names that a layer gives its parameters, in their order; empty for one without a name.

    Parameters of one name are one and the same (Caffe 1.0, Net::AppendParam).
    """
    return tuple(spec.name for spec in param_specs(layer))


def phase_of(layer: Layer) -> str | None:
    """The phase that a layer itself asks for, whatever the net's."""
    return enum_of(layer.node.fields, "phase", PHASES) if layer.format == 2 else None
