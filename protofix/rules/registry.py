"""All rules, by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Protocol, cast

from protofix.net.dialects import Dialect
from protofix.rules.rule import Context, Finding, Hit, Rule, Severity
from protofix.textproto.tree import Document

_FILES = (
    "unexpected_token",
    "bad_string",
    "bad_number",
    "stray_character",
    "unbalanced_bracket",
    "byte_order_mark",
    "nested_too_deep",
    "unknown_field",
    "wrong_type",
    "out_of_range",
    "unknown_enum_value",
    "repeated_field",
    "missing_field",
    "missing_colon",
    "not_caffe",
    "unknown_layer_type",
    "mixed_formats",
    "unmade_blob",
    "remade_blob",
    "softmax_before_infogain",
    "probabilities_into_infogain",
    "infogain_without_matrix",
    "infogain_normalize",
    "infogain_loss_weights",
)


class _RuleFile(Protocol):
    """What a file of this folder has if it is a rule; its docstring is the rule's manual."""

    __doc__: str | None
    CODE: str
    NAME: str
    SEVERITY: Severity
    check: Callable[[Context], Iterator[Hit]]


def _rule(file: str) -> Rule:
    it = cast(_RuleFile, import_module(f"protofix.rules.{file}"))
    return Rule(it.CODE, it.NAME, it.SEVERITY, it.check, it.__doc__ or "")


RULES: tuple[Rule, ...] = tuple(sorted(map(_rule, _FILES), key=lambda rule: rule.code))
"""Every rule, in the order of the codes."""


def check_document(document: Document, dialect: Dialect | None = None) -> list[Finding]:
    """Everything that the rules find in a document, in the order of the text.

    Without a dialect it is held against the one that it was found to be written in.
    """
    return findings(Context(document, dialect))


def findings(context: Context) -> list[Finding]:
    """The same, of a document about which something may have been worked out already."""
    return sorted(finding for rule in RULES for finding in rule.findings(context))
