"""Net states: which there are, and which layers each keeps.

Caffe keeps a layer by the rules of NetStateRule (Caffe 1.0, Net::StateMeetsRule): one `include`
must be met, or no `exclude`. The states worth looking at are those whose layers differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice, product

from protofix.net.layers import PHASES, Layer, Net, StateRule
from protofix.net.values import enum_of, integer_of
from protofix.textproto.tree import Message, Node, messages_named, scalars_named

_MOST_COMBINATIONS = 4096


@dataclass(frozen=True)
class NetState:
    """What a net is built for: its phase, level and stages."""

    phase: str
    level: int = 0
    stages: frozenset[str] = frozenset()

    def __str__(self) -> str:
        parts = [self.phase]
        if self.level:
            parts.append(f"level {self.level}")
        parts += [f"stage {stage}" for stage in sorted(self.stages)]
        return ", ".join(parts)


def meets(state: NetState, rule: StateRule) -> bool:
    """Whether a state meets a rule."""
    return (
        (rule.phase is None or rule.phase == state.phase)
        and (rule.min_level is None or state.level >= rule.min_level)
        and (rule.max_level is None or state.level <= rule.max_level)
        and state.stages.issuperset(rule.stages)
        and state.stages.isdisjoint(rule.not_stages)
    )


def keeps(state: NetState, layer: Layer) -> bool:
    """Whether a net in that state has the layer.

    A layer with both `include` and `exclude`, which Caffe refuses, is kept, so that what reads it
    is not held against the net too.
    """
    if layer.include and layer.exclude:
        return True
    if layer.include:
        return any(meets(state, rule) for rule in layer.include)
    return not any(meets(state, rule) for rule in layer.exclude)


def states_of(net: Net) -> tuple[NetState, ...]:
    """The states that a net's rules tell apart: no two of one phase keep the same layers.

    The plainest state stands for all that keep the same layers. The net's own `state`, which
    Caffe adds to whatever it is built for, is in all of them.
    """
    ruled = [layer for layer in net.layers if layer.include or layer.exclude]
    found: dict[tuple[str, tuple[bool, ...]], NetState] = {}
    for state in islice(_candidates(net, ruled), _MOST_COMBINATIONS):
        kept = tuple(keeps(state, layer) for layer in ruled)
        found.setdefault((state.phase, kept), state)
    # Two phases in which the same layers are kept differ still: dropout, data, batch norm.
    return tuple(found.values())


def _candidates(net: Net, ruled: list[Layer]) -> Iterator[NetState]:
    rules = {rule for layer in ruled for rule in (*layer.include, *layer.exclude)}
    level, own_stages = own_state(net)
    levels = {level}
    for rule in rules:
        if rule.min_level is not None:
            levels |= {rule.min_level, rule.min_level - 1}
        if rule.max_level is not None:
            levels |= {rule.max_level, rule.max_level + 1}
    ordered_levels = sorted(levels, key=lambda value: (value != level, abs(value - level), value))
    stages = _stage_sets(rules)
    for stage_set, some_level, phase in product(stages, ordered_levels, PHASES):
        yield NetState(phase, some_level, stage_set | own_stages)


def _stage_sets(rules: set[StateRule]) -> list[frozenset[str]]:
    """Sets of stages to look at: none, each, those one rule asks for together, then any others."""
    names = sorted({stage for rule in rules for stage in (*rule.stages, *rule.not_stages)})
    together = sorted(
        {frozenset(rule.stages) for rule in rules if len(rule.stages) > 1}, key=sorted
    )
    sets = [frozenset[str](), *(frozenset([name]) for name in names), *together]
    if len(names) <= 6:
        sets += [
            frozenset(chosen)
            for size in range(2, len(names) + 1)
            for chosen in combinations(names, size)
        ]
    return list(dict.fromkeys(sets))


def own_state(net: Net) -> tuple[int, frozenset[str]]:
    """Level and stages that the net itself asks for."""
    state = asked_by("TEST", None).of_net(net.fields)
    return state.level, state.stages


@dataclass(frozen=True)
class AskedState:
    """What is asked of a net's state, from which with the net's own `state` the state is made.

    `start` is the phase where neither says one. What is None here is left to the net.
    """

    start: str
    phase: str | None = None
    level: int | None = None
    stages: frozenset[str] = frozenset()

    def of_net(self, fields: tuple[Node, ...]) -> NetState:
        """The state in which a net with these fields is built."""
        phase, level, stages = self.start, 0, self.stages
        for own in messages_named(fields, "state"):
            phase = enum_of(own.fields, "phase", PHASES) or phase
            level = integer_of(own.fields, "level") or level
            stages |= {scalar.value for scalar in scalars_named(own.fields, "stage")}
        return NetState(self.phase or phase, level if self.level is None else self.level, stages)


def asked_by(start: str, message: Message | None) -> AskedState:
    """What a NetState message asks, such as a solver's `test_state`."""
    if message is None:
        return AskedState(start)
    return AskedState(
        start,
        enum_of(message.fields, "phase", PHASES),
        integer_of(message.fields, "level"),
        frozenset(scalar.value for scalar in scalars_named(message.fields, "stage")),
    )


def asked_by_name(
    phase: str | None, stages: Iterable[str] = (), level: int | None = None
) -> tuple[AskedState, ...]:
    """The one state of these names, as Caffe takes them for a net that it is told to build.

    None where nothing is named. TEST is the phase of a NetState that does not say one.
    """
    named = frozenset(stages)
    if phase is None and not named and level is None:
        return ()
    return (AskedState(phase or "TEST", phase or "TEST", level or 0, named),)
