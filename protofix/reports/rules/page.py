"""The manual page of a rule as Markdown: for docs/rules, `protofix explain` and SARIF's viewers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from protofix.reports.rules.manual import Example, fix_kinds, fixes_shown, manual_of
from protofix.reports.terminal import printable
from protofix.rulebook.rule import Rule
from protofix.textproto.diffs import unified_diff
from protofix.textproto.edits import apply_edits

FAMILIES: Mapping[str, str] = {
    "PF0": "Syntax",
    "PF1": "Schema",
    "PF2": "Old formats",
    "PF3": "Graph and shapes",
    "PF4": "Losses and infogain",
    "PF5": "H and data files",
    "PF6": "Python layers",
    "PF7": "Solvers",
    "PF8": "Style",
    "PF9": "Comments to protofix",
}
"""What the rules are about, by how their codes begin."""


def page(rule: Rule) -> str:
    """The whole page of a rule."""
    return "\n\n".join(_blocks(rule)) + "\n"


def _blocks(rule: Rule) -> Iterator[str]:
    yield f"# {rule.code} {rule.name}"
    yield f"*{facts(rule)}*"
    manual = manual_of(rule)
    yield manual.title
    for part in manual.parts:
        if isinstance(part, Example):
            yield f"{part.kind}:"
            yield _fenced(part.text, "prototxt")
            if part.kind == "Wrong":
                yield from _fixes(rule, part.text)
        else:
            yield part


def facts(rule: Rule) -> str:
    """A rule's severity, its fix, and whether it looks unasked, in a few words."""
    fix = f"{' or '.join(fix_kinds(rule)) or 'no'} fix"
    return f"{rule.severity}, {fix}" + ("" if rule.on else f", off: `--extend-select {rule.code}`")


def _fixes(rule: Rule, text: str) -> Iterator[str]:
    for fix in fixes_shown(rule, text):
        option = "--fix" if fix.safe else "--unsafe-fixes"
        yield f"`{option}`: {fix.title}."
        diff = unified_diff(text, apply_edits(text, fix.edits), "net.prototxt")
        hunks = diff.split("\n", 2)[2]  # The files' names mean nothing here.
        yield _fenced(hunks, "diff")


def _fenced(text: str, language: str) -> str:
    lines = [printable(line.expandtabs(4)) for line in text.rstrip("\n").split("\n")]
    return "\n".join([f"```{language}", *lines, "```"])


def index(rules: Iterable[Rule]) -> str:
    """The list of all pages, by families."""
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.code[:3], []).append(rule)
    blocks = [
        "# The rules",
        "What `protofix check` looks for. Each page is also what `protofix explain CODE` prints; "
        "`protofix rules` lists them. A safe fix leaves the numbers of a net as they were meant "
        "(`--fix`), an unsafe one may change them (`--unsafe-fixes`).",
    ]
    for family, its in families.items():
        blocks.append(f"## {FAMILIES[family]} ({family}xx)")
        rows = ["| rule | | severity | fix |", "|---|---|---|---|", *map(_row, its)]
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def _row(rule: Rule) -> str:
    name = f"[{rule.code} {rule.name}]({rule.code}.md)"
    off = "" if rule.on else ", off unless asked for"
    title = manual_of(rule).title.replace("|", "\\|")
    return f"| {name} | {title} | {rule.severity}{off} | {', '.join(fix_kinds(rule))} |"
