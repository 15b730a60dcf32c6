"""All rules, by their codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Finding, Looked
from protofix.rulebook.rule import Meets, Rule, RuleFile, Wants

if TYPE_CHECKING:
    from protofix.rulebook.ignores import Ignore

INDEX = Path(__file__).with_name("index.json")
"""What the rules' files say of themselves; `tools/write_rule_pages.py` makes it of them."""

# When Caffe meets what the rules of a family find; a rule may say otherwise, by MEETS.
_MEETS: Mapping[str, Meets] = {
    "PF0": "file",
    "PF1": "file",
    "PF2": "file",
    "PF3": "layers",
    "PF4": "layers",
    "PF5": "layers",
    "PF6": "layers",
    "PF7": "file",
    "PF8": "never",
    "PF9": "never",
}


def _rule(record: Mapping[str, Any]) -> Rule:
    code: str = record["code"]
    wants: Wants = record.get("wants", "anything")
    return Rule(
        code,
        record["name"],
        record["severity"],
        cast("Callable[[], RuleFile]", partial(import_module, f"protofix.rules.{record['file']}")),
        meets=record.get("meets", _MEETS[code[:3]]),
        on=record.get("on", True),
        last=record.get("last", False),
        fixes=tuple(record.get("fixes", ())),
        wants=wants,
        types=tuple(record.get("types", ())),
        # Whether Caffe refuses something is mostly a matter of shapes.
        rests_on=record.get("rests_on", "data" if wants == "refusals" else "text"),
    )


def _stored() -> list[dict[str, Any]]:
    """The index, in the order of the codes: to import every rule takes longer than most need."""
    records: list[dict[str, Any]] = json.loads(INDEX.read_text(encoding="utf-8"))
    return records


RULES: tuple[Rule, ...] = tuple(map(_rule, _stored()))
"""Every rule, in the order of the codes."""

NAMES: Mapping[str, str] = {rule.code: rule.name for rule in RULES}
"""The names of the rules by their codes."""

ON = frozenset(rule.code for rule in RULES if rule.on)
"""The codes of the rules that look if nothing else is said."""


UNREADABLE = frozenset(
    rule.code for rule in RULES if rule.wants == "diagnoses" and rule.severity == "error"
)
"""The codes of the rules that say why a text cannot be read: hardly another can look then."""


class RuleError(RuntimeError):
    """A rule broke down over a document: a mistake in protofix. The message names the rule."""


class Ran(NamedTuple):
    """What the rules found that no comment asks to leave out, and those that broke down."""

    findings: tuple[Finding, ...]
    failures: tuple[RuleError, ...]


def run_rules(context: Context, codes: frozenset[str] = ON) -> Ran:
    """Let rules look at a document; findings are in the order of the text.

    One that breaks down does not keep the others from theirs.
    """
    failures: list[RuleError] = []
    rules = [rule for rule in RULES if rule.code in codes]
    found = _found_by([rule for rule in rules if not rule.last], context, failures)
    found = _each_said_once(found, context.ignores)
    unsure = frozenset(it.code for it in RULES if context.ignores and it.may_find_other(context))
    looked = context.looked_at(Looked(NAMES, ON, codes, tuple(found), unsure))
    found += _found_by([rule for rule in rules if rule.last], looked, failures)
    kept = [
        replace(it, fix=None) if any(one.spares(it) for one in context.ignores) else it
        for it in found
        if not any(one.covers(it) for one in context.ignores)
    ]
    return Ran(tuple(sorted(kept, key=lambda it: it.place)), tuple(failures))


def found_by(rules: Iterable[Rule], context: Context) -> list[Finding]:
    """All that some rules find in a document, whatever its comments ask, in the order of the text.

    Raises RuleError if one breaks down.
    """
    failures: list[RuleError] = []
    found = _each_said_once(_found_by(rules, context, failures))
    if failures:
        raise failures[0]
    return sorted(found, key=lambda it: it.place)


def _each_said_once(found: list[Finding], ignores: Iterable[Ignore] = ()) -> list[Finding]:
    """Leave out what another finding tells of too, unless a comment hides that one."""
    if all(it.within is None for it in found):
        return found
    said = {it.said for it in found if not any(one.covers(it) for one in ignores)}
    return [replace(it, within=None) for it in found if it.within not in said]


def _found_by(rules: Iterable[Rule], context: Context, failures: list[RuleError]) -> list[Finding]:
    found: dict[tuple[int, int, str, str], Finding] = {}
    broken: dict[str, str] = {}
    for rule in rules:
        try:
            for finding in rule.findings(context) if rule.has_work(context) else ():
                found.setdefault(finding.place, finding)
        except Exception as error:  # A mistake of ours in one rule must not hide the others.
            what = f"{type(error).__name__}: {error}"
            if what not in broken.values():  # What several rules work out breaks them all.
                broken[rule.code] = what
                failures.append(RuleError(f"rule {rule.code} {rule.name}: {what}"))
                failures[-1].__cause__ = error
    return list(found.values())
