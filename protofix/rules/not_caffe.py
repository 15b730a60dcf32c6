"""A file in the text format that is neither a net nor a solver.

None of its fields is one that Caffe 1.0 knows at the top of a file. It may be a fork's, such as
a map of labels.
"""

from collections.abc import Iterator

from protofix.rules.rule import Context, Hit

CODE = "PF108"
NAME = "not-caffe"
SEVERITY = "info"


def check(context: Context) -> Iterator[Hit]:
    """Say once what a file's fields are that no net and no solver has."""
    if context.kind is None and not context.document.diagnoses:
        first = context.document.fields[0]
        names = ", ".join(dict.fromkeys(f"`{node.name}`" for node in context.document.fields[:40]))
        message = f"neither a net nor a solver of Caffe 1.0: its fields are {names}"
        yield Hit(first.start, first.name_end, message)
