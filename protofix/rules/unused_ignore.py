"""A comment that asks for findings to be left out where there are none.

What it was written for has been mended, or stands elsewhere. Left behind, it would hide the next
mistake. It is looked at only where all rules that it names are, and in all states of a net: what is
left out in another phase would not be found where `--phase` or a solver names one. Nor is it looked
at in a text that cannot be read whole, or where a rule that it names rests on files, such as the
data of a net, which may lie on another machine.

Wrong:

    # protofix: ignore[PF301]
    layer { name: "data" type: "Input" top: "data" }

Right:

    layer { name: "data" type: "Input" top: "data" }
"""

from collections.abc import Iterator

from protofix.net.names import in_words
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.ignores import Ignore
from protofix.rulebook.selectors import means
from protofix.textproto.edits import Edit
from protofix.textproto.source import BLANKS
from protofix.textproto.tree import Document

CODE = "PF902"
NAME = "unused-ignore"
SEVERITY = "warning"
LAST = True
WANTS = "ignores"


def check(context: Context) -> Iterator[Hit]:
    """Say each comment whose findings are not there, and those of its rules that find nothing."""
    looked = context.looked
    # What hides a mistake in the text hides what a comment is for.
    if context.asked or context.document.diagnoses:
        return
    for ignore in context.ignores:
        if ignore.wrong is not None:
            continue
        left_out = [it for it in looked.found if ignore.covers(it) or ignore.spares(it)]
        if not ignore.rules:
            if not left_out and looked.on <= looked.codes - looked.unsure:
                yield _hit(context.document, ignore, "nothing is found here")
            continue
        idle = [
            rule
            for rule in dict.fromkeys(ignore.rules)  # A name may be written twice.
            if not any(means(rule, it.code, it.rule) for it in left_out) and looked.all_of(rule)
        ]
        if idle:
            find = "finds" if len(idle) == 1 else "find"
            yield _hit(context.document, ignore, f"{in_words(idle)} {find} nothing here", idle)


def _hit(document: Document, ignore: Ignore, why: str, idle: list[str] | None = None) -> Hit:
    rest = [rule for rule in dict.fromkeys(ignore.rules) if idle and rule not in idle]
    if rest:
        text = document.text[ignore.start : ignore.end]
        at = ignore.start + text.index("[") + 1
        edit = Edit(at, ignore.start + text.index("]"), ", ".join(rest))
        title = f"ignore {', '.join(rest)} alone"
    else:
        edit = _without(document, ignore)
        title = "take the comment out"
    message = f"{why}: {title}"
    return Hit(ignore.start, ignore.end, message, Fix(title, (edit,)))


def _without(document: Document, ignore: Ignore) -> Edit:
    """Take a comment out, with its line if it has one for itself."""
    text = document.text
    line_start = text.rfind("\n", 0, ignore.start) + 1
    before = text[line_start : ignore.start]
    if before.strip(BLANKS):
        return Edit(line_start + len(before.rstrip(BLANKS)), ignore.end, "")
    return Edit(line_start, min(document.source.line_end(ignore.end) + 1, len(text)), "")
