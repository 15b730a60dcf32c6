"""How a layer is kept from handing a gradient to a bottom that it has none for."""

from __future__ import annotations

from protofix.net.layers import Layer
from protofix.rulebook.findings import Fix
from protofix.textproto.edits import Edit


def none_handed_to(layer: Layer, slot: int) -> tuple[str, Fix | None]:
    """What is to be done, and the fix where the layer has a mark for each bottom."""
    marks = layer.propagate_down
    if len(marks) == len(layer.bottoms):
        edit = Edit(marks[slot].start, marks[slot].end, "false")
        fix = Fix(f"hand no gradient to `{layer.bottoms[slot].name}`", (edit,))
        return "write propagate_down: false for it", fix
    return "let what makes it not learn, or write propagate_down once a bottom, false for it", None
