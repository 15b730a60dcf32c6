"""All rules, by their codes."""

from __future__ import annotations

from types import ModuleType

from protofix.net.dialects import Dialect
from protofix.rules import (
    bad_number,
    bad_string,
    byte_order_mark,
    infogain_loss_weights,
    infogain_normalize,
    infogain_without_matrix,
    missing_colon,
    missing_field,
    mixed_formats,
    nested_too_deep,
    not_caffe,
    out_of_range,
    probabilities_into_infogain,
    remade_blob,
    repeated_field,
    softmax_before_infogain,
    stray_character,
    unbalanced_bracket,
    unexpected_token,
    unknown_enum_value,
    unknown_field,
    unknown_layer_type,
    unmade_blob,
    wrong_type,
)
from protofix.rules.rule import Context, Finding, Rule
from protofix.textproto.tree import Document


def _rule(module: ModuleType) -> Rule:
    return Rule(module.CODE, module.NAME, module.SEVERITY, module.check, module.__doc__ or "")


RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            _rule(module)
            for module in (
                unexpected_token,
                bad_string,
                bad_number,
                stray_character,
                unbalanced_bracket,
                byte_order_mark,
                nested_too_deep,
                unknown_field,
                wrong_type,
                out_of_range,
                unknown_enum_value,
                repeated_field,
                missing_field,
                missing_colon,
                not_caffe,
                unknown_layer_type,
                mixed_formats,
                unmade_blob,
                remade_blob,
                softmax_before_infogain,
                probabilities_into_infogain,
                infogain_without_matrix,
                infogain_normalize,
                infogain_loss_weights,
            )
        ),
        key=lambda rule: rule.code,
    )
)
"""Every rule, in the order of the codes."""


def check_document(document: Document, dialect: Dialect | None = None) -> list[Finding]:
    """Everything that the rules find in a document, in the order of the text.

    Without a dialect it is held against the one that it was found to be written in.
    """
    return findings(Context(document, dialect))


def findings(context: Context) -> list[Finding]:
    """The same, of a document about which something may have been worked out already."""
    return sorted(finding for rule in RULES for finding in rule.findings(context))
