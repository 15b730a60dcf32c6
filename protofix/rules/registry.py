"""All rules, by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from protofix.rules.rule import Context, Finding, Hit, Meets, Rule, Severity

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
    "include_and_exclude",
    "blob_count",
    "layer_parameter",
    "shape_mismatch",
    "shared_parameter",
    "param_count",
    "propagate_down_count",
    "loss_weight_count",
    "shared_in_place",
    "input_shape",
    "first_pass",
    "unlike_phases",
    "unread_top",
    "unkept_layer",
    "drops_everything",
    "labels_beyond_classes",
    "unweighted_loss",
    "label_in_deploy",
    "batch_statistics_in_test",
    "in_place_by_mistake",
    "repeated_name",
    "stage_slip",
    "softmax_before_infogain",
    "probabilities_into_infogain",
    "infogain_without_matrix",
    "infogain_normalize",
    "infogain_loss_weights",
    "infogain_matrix_file",
    "unreadable_data",
    "solver_without_net_file",
    "solver_nets",
)


# When Caffe meets what the rules of a family find; a rule may say otherwise, by MEETS.
_MEETS: Mapping[str, Meets] = {
    "PF0": "file",
    "PF1": "file",
    "PF2": "file",
    "PF3": "layers",
    "PF4": "layers",
    "PF5": "layers",
    "PF7": "file",
}


class _RuleFile(Protocol):
    """What a file of this folder has if it is a rule; its docstring is the rule's manual."""

    __doc__: str | None
    CODE: str
    NAME: str
    SEVERITY: Severity
    check: Callable[[Context], Iterator[Hit]]


def _rule(file: str) -> Rule:
    it = cast(_RuleFile, import_module(f"protofix.rules.{file}"))
    meets: Meets = getattr(it, "MEETS", _MEETS[it.CODE[:3]])
    return Rule(it.CODE, it.NAME, it.SEVERITY, it.check, it.__doc__ or "", meets)


RULES: tuple[Rule, ...] = tuple(sorted(map(_rule, _FILES), key=lambda rule: rule.code))
"""Every rule, in the order of the codes."""


def findings(context: Context, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """Everything that the rules, or some of them, find in a document, in the order of the text."""
    return sorted({finding for rule in rules for finding in rule.findings(context)})
