"""A comment to protofix that it cannot understand: another word, or a rule that there is not.

It leaves nothing out.

Wrong:

    layer { name: "data" type: "Input" top: "data" }  # protofix: ignore[PF999]
"""

from collections.abc import Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.selectors import SelectionError, known_selector

CODE = "PF901"
NAME = "bad-ignore"
SEVERITY = "warning"
LAST = True
WANTS = "ignores"


def check(context: Context) -> Iterator[Hit]:
    """Say what is wrong with each such comment."""
    for ignore in context.ignores:
        if ignore.wrong is not None:
            yield Hit(ignore.start, ignore.end, ignore.wrong)
            continue
        for rule in ignore.rules:
            try:
                known_selector(rule, context.looked.rules)
            except SelectionError as error:
                yield Hit(ignore.start, ignore.end, str(error))
