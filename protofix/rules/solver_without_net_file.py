"""A net that a solver names, in a file that was not found.

Caffe looks for it from the folder in which it is started, which no file tells. It is looked for
from the working folder, from the solver's own folder and from those above. What is not found is not
checked.

Wrong:

    net: "there/is/no/such/net.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
"""

from collections.abc import Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF701"
NAME = "solver-without-net-file"
SEVERITY = "warning"
WANTS = "solver"
RESTS_ON = "files"


def check(context: Context) -> Iterator[Hit]:
    """Say it once for each field."""
    missing = {net.node: net.name for net in context.nets if net.name and net.path is None}
    for node, name in missing.items():
        message = (
            f"the net `{name}` is neither here nor in the solver's folder or one above, "
            "so that it was not checked"
        )
        yield Hit(node.start, node.end, message)
