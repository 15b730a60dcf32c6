"""Comments that ask protofix to leave findings out.

    bottom: "prob"  # protofix: ignore[PF401] is for the old Caffe
    # protofix: ignore[PF322, unread-top]
    # protofix: ignore-file[PF3]

Behind something, a comment is about the findings that begin on its line. On a line of its own it is
about what stands below it, a field or a whole layer. `ignore-file` is about the file. Without
brackets all rules are meant; in them stand codes, beginnings of codes, and names. Capitals are as
good as small letters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from protofix.rulebook.findings import Finding
from protofix.rulebook.selectors import ALL, means
from protofix.textproto.layout import comment_spans, comment_start
from protofix.textproto.source import BLANKS
from protofix.textproto.tree import Document, Node, walk

_ASKS = re.compile(
    r"#+\s*protofix\s*(?P<colon>:|(?=\s[\w-]+\s*\[))\s*"
    r"(?P<word>[\w-]*)\s*(?P<open>\[(?P<rules>[^\]]*)(?P<close>\])?)?",
    re.IGNORECASE,
)
_WORDS = ("ignore", "ignore-file")
_OF_COMMENTS = "PF9"


@dataclass(frozen=True)
class Ignore:
    """One comment: where it stands, which rules it names (none: all), and what it is about.

    `first` and `last` are the offsets between which a finding must begin. `wrong` says why nobody
    can tell what is asked; the comment is about nothing then.
    """

    start: int
    end: int
    rules: tuple[str, ...]
    first: int
    last: int
    wrong: str | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is to be left out."""
        return self._means(finding) and self.first <= finding.start <= self.last

    def spares(self, finding: Finding) -> bool:
        """Whether the fix of a finding is to be left out: it would change what this is about.

        A rule may say once for a whole net what its fix does in many places of it.
        """
        edits = () if finding.fix is None else finding.fix.edits
        touched = any(edit.start <= self.last and edit.end >= self.first for edit in edits)
        return touched and self._means(finding)

    def _means(self, finding: Finding) -> bool:
        if self.wrong is not None:
            return False
        if not self.rules:
            return finding.code[:3] != _OF_COMMENTS  # It does not hide what is said of itself.
        return any(means(it, finding.code, finding.rule) for it in self.rules)


def ignores_in(document: Document) -> tuple[Ignore, ...]:
    """Every such comment of a document, in the order of the text."""
    return tuple(_ignores(document))


def _ignores(document: Document) -> Iterator[Ignore]:
    text = document.text
    nodes: list[Node] = []
    starts: list[int] = []
    for start, end in comment_spans(text):
        # One may stand behind another comment, and several behind each other.
        found = list(_ASKS.finditer(text, start, end))
        if not found:
            continue
        if not nodes:
            nodes = list(walk(document.fields))
            starts = [node.start for node in nodes]
        about = _about(document, nodes, starts, start)
        ends = [*(it.start() for it in found[1:]), end]
        for asked, its_end in zip(found, ends, strict=True):
            of_file = asked["word"].lower() == "ignore-file"
            first, last = (0, len(text)) if of_file else about
            rules = tuple(
                it.upper() if it[:2].upper() == "PF" or it.upper() == ALL else it.lower()
                for it in re.findall(r"[^\s,]+", asked["rules"] or "")
            )
            yield Ignore(asked.start(), its_end, rules, first, last, _wrong(asked, rules))


def _wrong(asked: re.Match[str], rules: tuple[str, ...]) -> str | None:
    if not asked["colon"]:
        return "a colon is missing: write `# protofix: ignore[PF...]`"
    if asked["word"].lower() not in _WORDS:
        return f"protofix knows no `{asked['word']}`: write `ignore[PF...]` or `ignore-file[PF...]`"
    if asked["open"] and not asked["close"]:
        return "the list of rules is not closed: write `]` behind the last"
    if asked["open"] and not rules:
        return "the list of rules is empty: name a rule, or leave the brackets out to mean all"
    return None


def _about(
    document: Document, nodes: list[Node], starts: list[int], comment: int
) -> tuple[int, int]:
    """Between which offsets the findings begin that a comment is about."""
    text = document.text
    line_start = text.rfind("\n", 0, comment) + 1
    if not text[line_start:comment].strip(BLANKS):
        below = bisect_right(starts, comment)
        if below < len(nodes) and comment_start(document, nodes[below]) <= line_start:
            return nodes[below].start, nodes[below].end
    return line_start, document.source.line_end(comment)
