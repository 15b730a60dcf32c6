"""All rules, by their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import NamedTuple, Protocol, cast

from protofix.rules.rule import Context, Finding, Hit, Looked, Meets, Rule, Severity

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
    "v0_layers",
    "v1_layers",
    "input_fields",
    "transform_fields",
    "batch_norm_rates",
    "old_spellings",
    "unread_transform",
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
    "softmax_before_softmax_loss",
    "softmax_before_multinomial_loss",
    "sigmoid_before_sigmoid_loss",
    "infogain_source_unread",
    "unread_loss_field",
    "label_ignored_elsewhere",
    "scores_into_old_infogain",
    "beyond_old_infogain",
    "unreadable_data",
    "doubtful_infogain_matrix",
    "infogain_matrix_data",
    "compute_h_classes",
    "compute_h_ignore_label",
    "param_str_code",
    "python_param_missing",
    "python_module",
    "python_class",
    "python_methods",
    "param_str_evaluated",
    "param_str_format",
    "share_in_parallel",
    "solver_without_net_file",
    "solver_nets",
    "solver_without_net",
    "unknown_lr_policy",
    "lr_policy_fields",
    "constant_learning_rate",
    "stepvalue_order",
    "missing_base_lr",
    "missing_max_iter",
    "unknown_solver_type",
    "solver_type_twice",
    "old_solver_type",
    "unknown_regularization",
    "momentum_refused",
    "solver_number",
    "doubtful_solver_number",
    "untested_net",
    "snapshot_without_prefix",
    "snapshot_folder_missing",
    "unread_solver_field",
    "momentum_left_out",
    "indentation",
    "quotes",
    "field_order",
    "trailing_blanks",
    "blank_lines",
    "final_newline",
    "spacing",
    "brackets",
    "separators",
    "line_ends",
    "bad_ignore",
    "unused_ignore",
)


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


class _RuleFile(Protocol):
    """What a file of this folder has if it is a rule; its docstring is the rule's manual."""

    __doc__: str | None
    CODE: str
    NAME: str
    SEVERITY: Severity
    check: Callable[[Context], Iterator[Hit]]


def _rule(file: str) -> Rule:
    it = cast(_RuleFile, import_module(f"protofix.rules.{file}"))
    return Rule(
        it.CODE,
        it.NAME,
        it.SEVERITY,
        it.check,
        it.__doc__ or "",
        meets=getattr(it, "MEETS", _MEETS[it.CODE[:3]]),
        on=getattr(it, "ON", True),
        last=getattr(it, "LAST", False),
        fixes=getattr(it, "FIXES", ()),
    )


RULES: tuple[Rule, ...] = tuple(sorted(map(_rule, _FILES), key=lambda rule: rule.code))
"""Every rule, in the order of the codes."""

NAMES: Mapping[str, str] = {rule.code: rule.name for rule in RULES}
"""The names of the rules by their codes."""

ON = frozenset(rule.code for rule in RULES if rule.on)
"""The codes of the rules that look if nothing else is said."""


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
    looked = replace(context, looked=Looked(NAMES, codes, tuple(found)))
    # What was worked out holds on.
    vars(looked).update({name: it for name, it in vars(context).items() if name != "looked"})
    found += _found_by([rule for rule in rules if rule.last], looked, failures)
    ignores = context.ignores
    kept = [
        it for it in found if not any(one.covers(it.start, it.code, it.rule) for one in ignores)
    ]
    return Ran(tuple(sorted(kept, key=lambda it: it.place)), tuple(failures))


def found_by(rules: Iterable[Rule], context: Context) -> list[Finding]:
    """All that some rules find in a document, whatever its comments ask, in the order of the text.

    Raises RuleError if one breaks down.
    """
    failures: list[RuleError] = []
    found = _found_by(rules, context, failures)
    if failures:
        raise failures[0]
    return sorted(found, key=lambda it: it.place)


def _found_by(rules: Iterable[Rule], context: Context, failures: list[RuleError]) -> list[Finding]:
    found: dict[tuple[int, int, str, str], Finding] = {}
    broken: dict[str, str] = {}
    for rule in rules:
        try:
            for finding in rule.findings(context):
                found.setdefault(finding.place, finding)
        except Exception as error:  # A mistake of ours in one rule must not hide the others.
            what = f"{type(error).__name__}: {error}"
            if what not in broken.values():  # What several rules work out breaks them all.
                broken[rule.code] = what
                failures.append(RuleError(f"rule {rule.code} {rule.name}: {what}"))
                failures[-1].__cause__ = error
    return list(found.values())


def findings(context: Context, codes: frozenset[str] = ON) -> list[Finding]:
    """Everything that the rules, or some of them, find in a document, in the order of the text.

    Raises RuleError if one breaks down.
    """
    ran = run_rules(context, codes)
    if ran.failures:
        raise ran.failures[0]
    return list(ran.findings)
