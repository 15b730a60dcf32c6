"""`protofix rules` and `protofix explain`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from protofix.commands.common import DONE

if TYPE_CHECKING:
    from protofix.rulebook.rule import Rule

_EXAMPLES = """\
examples:
  protofix explain PF401
  protofix explain softmax-before-infogain unread-top
"""


def add_rules(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    rules = commands.add_parser(
        "rules",
        help="list the rules of check",
        description="Lists the rules by which check looks: code, name, severity, whether its "
        "findings are mended safely (--fix) or not (--unsafe-fixes), and whether it looks unasked.",
    )
    rules.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    rules.set_defaults(run=_rules)


def add_explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    explain = commands.add_parser(
        "explain",
        help="print the manual page of a rule",
        description="Says what a rule finds, why that matters and how to mend it, with examples.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument(
        "rules", nargs="+", type=_rule_named, metavar="RULE", help="a code or a name"
    )
    explain.set_defaults(run=_explain)


def _rule_named(written: str) -> Rule:
    from protofix.rulebook.registry import NAMES, RULES
    from protofix.rulebook.selectors import SelectionError, known_selector

    try:
        selector = known_selector(written, NAMES)
    except SelectionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    found = [rule for rule in RULES if selector in (rule.code, rule.name)]
    if not found:
        raise argparse.ArgumentTypeError(
            f"`{written}` means more than one rule: `protofix rules` lists them"
        )
    return found[0]


def _rules(arguments: argparse.Namespace) -> int:
    from protofix.reports.rules.table import as_json, lines
    from protofix.reports.terminal import write_line
    from protofix.rulebook.registry import RULES

    if arguments.format == "json":
        print(as_json(RULES))
        return DONE
    for line in lines(RULES):
        write_line(sys.stdout, line)
    return DONE


def _explain(arguments: argparse.Namespace) -> int:
    from protofix.reports.rules.page import page
    from protofix.reports.terminal import write_markdown

    write_markdown(sys.stdout, "\n".join(map(page, arguments.rules)))
    return DONE
