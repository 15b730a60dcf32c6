"""Parameters that layers share by name, and what Caffe demands of them (Net::AppendParam)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from protofix.net.graph import Graph
from protofix.net.layers import Layer
from protofix.net.parameters import ParamSpec, param_specs
from protofix.net.setup import Refusal, place_of, subject_of
from protofix.net.shapes import Shape, count, differ, shape_text, shapes_differ


class _Owner:
    """The parameter that others of its name share, with the multipliers said of it so far."""

    def __init__(self, layer: Layer, spec: ParamSpec, shape: Shape) -> None:
        self.layer = layer
        self.shape = shape
        self.said: dict[str, tuple[Layer, float]] = {}
        self.learns(layer, spec)

    def learns(self, layer: Layer, spec: ParamSpec) -> list[str]:
        """Take in the multipliers of one more; give the sentences on those that differ."""
        said = []
        for field, value in (("lr_mult", spec.lr_mult), ("decay_mult", spec.decay_mult)):
            if value is None:
                continue
            first = self.said.setdefault(field, (layer, value))
            if first[1] != value:
                said.append(
                    f"gives the shared parameter `{spec.name}` {field} {value:g}, and "
                    f"{subject_of(first[0])} {first[1]:g}: write the same, or write it once"
                )
        return said


def shared_refusals(
    graph: Graph, params: Mapping[int, tuple[Shape, ...] | None]
) -> Iterator[Refusal]:
    """What does not fit among the parameters that layers share by name."""
    owners: dict[str, _Owner] = {}
    for layer in graph.layers:
        shapes = params.get(layer.index)
        if shapes is None:
            continue
        for spec, shape in zip(param_specs(layer), shapes, strict=False):
            if not spec.name or spec.node is None:
                continue
            owner = owners.get(spec.name)
            if owner is None:
                owners[spec.name] = _Owner(layer, spec, shape)
                continue
            sentences = [*_unlike(spec, shape, owner), *owner.learns(layer, spec)]
            for sentence in sentences:
                message = f"{subject_of(layer)} {sentence}"
                yield Refusal("shared-param", layer, *place_of(spec.node), message)


def _unlike(spec: ParamSpec, shape: Shape, owner: _Owner) -> Iterator[str]:
    if spec.permissive:
        if differ(count(shape), count(owner.shape)):
            yield (
                f"shares `{spec.name}` of {subject_of(owner.layer)}, but here it has "
                f"{count(shape)} values and there {count(owner.shape)}: "
                "give it a name of its own, or make the layers alike"
            )
    elif shapes_differ(shape, owner.shape):
        yield (
            f"shares `{spec.name}` of {subject_of(owner.layer)}, but here it is "
            f"{shape_text(shape)} and there {shape_text(owner.shape)}: "
            "give it a name of its own, or make the layers alike"
        )
