"""Rules that tests make up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import cast

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.rule import Rule, RuleFile


def made(
    rule: Rule,
    check: Callable[[Context], Iterator[Hit]] = lambda context: iter(()),
    manual: str | None = None,
) -> Rule:
    """A rule as it is but for what it finds, in any text, and for what it says of itself."""
    file = ModuleType("made_up", rule.manual if manual is None else manual)
    vars(file)["check"] = check
    return replace(rule, file=lambda: cast(RuleFile, file), wants="anything", types=())
