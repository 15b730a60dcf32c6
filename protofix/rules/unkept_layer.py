"""A layer that no net state keeps, because its rules contradict each other.

Caffe keeps a layer if one of its `include` rules is met, and drops it if one of its `exclude` rules
is. No state meets a rule that wants a stage and forbids it, or whose min_level is greater than its
max_level; and a rule that forbids a stage which the net's own `state` names is never met either.
On the other side, exclude rules that leave no state, such as one for each phase, drop the layer
always. Caffe says nothing of it.

Wrong:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            include { stage: "deploy" not_stage: "deploy" } }

Wrong:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            exclude { phase: TRAIN } exclude { phase: TEST } }

Right:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            include { phase: TRAIN not_stage: "deploy" } }
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protofix.net.layers import PHASES, Layer, StateRule
from protofix.net.setup import subject_of
from protofix.net.states import own_state
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import messages_named

CODE = "PF322"
NAME = "unkept-layer"
SEVERITY = "warning"

_LEAST, _MOST = -(2**31), 2**31 - 1  # levels
# Ways tried to escape the exclude rules of one layer; people write a handful of rules.
_TRIES = 10_000


class _States(NamedTuple):
    """A set of states: those of some phases, between two levels, with and without some stages."""

    phases: frozenset[str]
    least: int
    most: int
    stages: frozenset[str]
    without: frozenset[str]

    def is_empty(self) -> bool:
        """Whether no state is in it."""
        return not self.phases or self.least > self.most or not self.stages.isdisjoint(self.without)


def _check(view: NetView) -> Iterator[Hit]:
    _, own = own_state(view.net)
    for layer in view.net.layers:
        if layer.include and layer.exclude:
            continue  # which Caffe refuses
        if layer.include:
            reasons = [_contradiction(rule, own) for rule in layer.include]
            if None not in reasons:
                yield _hit(layer, "include", f"its include {reasons[0]}")
        elif layer.exclude and not _escapes(layer.exclude, own):
            several = len(layer.exclude) > 1
            what = "its exclude rules together drop" if several else "its exclude drops"
            yield _hit(layer, "exclude", f"{what} it from every state")


def _hit(layer: Layer, name: str, why: str) -> Hit:
    at = messages_named(layer.node.fields, name)[0]
    message = (
        f"{subject_of(layer)} is kept in no state: {why}; mend the rule, or take the layer away"
    )
    return Hit(at.start, at.name_end, message)


def _contradiction(rule: StateRule, own: frozenset[str]) -> str | None:
    """Why no state meets a rule; None if one does. `own` are the stages of the net's own state."""
    least, most = rule.min_level, rule.max_level
    if least is not None and most is not None and least > most:
        return f"wants a level of at least {_level(least)} and at most {_level(most)}"
    for stage in rule.not_stages:
        if stage in rule.stages:
            return f"both wants stage `{stage}` and forbids it"
        if stage in own:
            return f"forbids stage `{stage}`, which the net's own state has"
    return None


def _level(level: int) -> str:
    # Python does not write numbers of any length.
    return str(level) if _LEAST <= level <= _MOST else "more than a level can be"


def _escapes(rules: tuple[StateRule, ...], own: frozenset[str]) -> bool:
    """Whether some state meets none of the rules, or that is too much work to tell."""
    anything = _States(frozenset(PHASES), _LEAST, _MOST, own, frozenset())
    left = [(anything, 0)]
    for _ in range(_TRIES):
        if not left:
            return False
        states, at = left.pop()
        if at == len(rules):
            return True
        left += [(those, at + 1) for those in _missing(states, rules[at]) if not those.is_empty()]
    return True


def _missing(states: _States, rule: StateRule) -> Iterator[_States]:
    """The states of a set that do not meet a rule, by what they miss."""
    if rule.phase is not None:
        yield states._replace(phases=states.phases - {rule.phase})
    if rule.min_level is not None:
        yield states._replace(most=min(states.most, rule.min_level - 1))
    if rule.max_level is not None:
        yield states._replace(least=max(states.least, rule.max_level + 1))
    for stage in rule.stages:
        yield states._replace(without=states.without | {stage})
    for stage in rule.not_stages:
        yield states._replace(stages=states.stages | {stage})


check = of_nets(_check)
