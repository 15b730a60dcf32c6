"""What an InfogainLoss layer says of itself, and where its H may lie."""

from __future__ import annotations

from protofix.net.layers import Layer, Net
from protofix.net.values import integer_of, string_of


def infogain_losses(net: Net) -> list[Layer]:
    """Every InfogainLoss of the file, in order."""
    return [layer for layer in net.layers if layer.type == "InfogainLoss"]


def loss_axis(loss: Layer) -> int | None:
    """The axis that an InfogainLoss writes down, if it does."""
    param = loss.param("infogain_loss_param")
    return integer_of(param.fields, "axis") if param else None


def source_of(loss: Layer) -> str | None:
    """The path in `infogain_loss_param.source`."""
    if loss.format == 0:
        return string_of(loss.fields, "source")
    param = loss.param("infogain_loss_param")
    return string_of(param.fields, "source") if param else None


def has_matrix(loss: Layer) -> bool:
    """Whether a loss has its H: a third bottom, or a source."""
    return len(loss.bottoms) > 2 or bool(source_of(loss))
