"""What the rules on loss weights that are not once a top have in common: how to mend them."""

from __future__ import annotations

from protofix.net.layer_types.registry import facts_of, tops_built
from protofix.net.layers import Layer
from protofix.net.view import NetView
from protofix.rulebook.findings import Fix
from protofix.rulebook.rewriting import rewritten


def _is_read(view: NetView, layer: Layer) -> bool:
    """Whether others read a top that counts: Caffe then takes all weights from the layer."""
    read = [version for _, version in view.results(layer) if version.readers]
    return any(version.maker is not None and version.maker.slot == 0 for version in read)


def once_a_top(view: NetView, layer: Layer) -> Fix | None:
    """Weights of 0 for what has none; weights of 0 go that are too many.

    That the second top of an InfogainLoss, the probabilities, is no loss is certain.
    """
    if layer.format == 0:  # The V0 format has none.
        return None
    tops = tops_built(layer, facts_of(layer))
    written = len(layer.loss_weights)
    if any(layer.loss_weights[tops:]) or (written <= tops and _is_read(view, layer)):
        return None
    if written > tops:
        title, safe = "take the loss_weight that is too much away", True
    else:
        title, safe = "write loss_weight for each top", layer.type == "InfogainLoss"

    from protofix.infogain.loss_weights import with_weights

    return rewritten(view, title, lambda it: with_weights(it, layer.index, tops), safe)
