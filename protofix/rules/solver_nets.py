"""A solver whose nets, test states and test runs do not go together.

It trains one net, given by `net`, `train_net`, `net_param` or `train_net_param`. Each test net has
its `test_iter`; nets named by `test_net` come first, and `net` stands for what is left.
`test_state` is written once for each of them or not at all, and `test_interval` says how often they
are run. Caffe aborts otherwise.

Wrong:

    test_net: "test.prototxt"
    test_iter: 100
    test_interval: 500

Right:

    train_net: "train.prototxt"
    test_net: "test.prototxt"
    test_iter: 100
    test_interval: 500

Wrong:

    train_net: "train.prototxt"
    test_net: "test.prototxt"
    test_interval: 500
"""

from collections.abc import Iterator

from protofix.net.names import counted
from protofix.net.solvers import tested_nets, trained_nets
from protofix.net.values import integer_of
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Node, fields_named, messages_named, scalars_named

CODE = "PF702"
NAME = "solver-nets"
SEVERITY = "error"
WANTS = "solver"

# What alone makes a file a solver to be run, and not a part of one.
_NETS = ("net", "train_net", "net_param", "train_net_param", "test_net", "test_net_param")


def check(context: Context) -> Iterator[Hit]:
    """Say it at the field that is too many, or at the first of those that lack something."""
    fields = context.document.fields
    if context.document.diagnoses:
        return
    named = [node for node in fields if node.name in _NETS]
    if not named:
        return
    trained = trained_nets(fields)
    if len(trained) != 1:
        nets = ", ".join(f"`{node.name}`" for node, _ in trained)
        said = (
            f"gives {len(trained)} nets to train ({nets}): keep one"
            if trained
            else ("gives no net to train: write `net` or `train_net`")
        )
        yield _hit(trained[1][0] if trained else named[0], said)
    yield from _tests(fields, named[0])


def _tests(fields: tuple[Node, ...], first: Node) -> Iterator[Hit]:
    runs = scalars_named(fields, "test_iter")
    nets, generic = tested_nets(fields)
    if len(nets) > len(runs) or (len(nets) < len(runs) and not generic):
        if nets:
            tested = counted(len(nets), "test net")
            said = f"has {len(runs)} test_iter for {tested}: write one for each"
            yield _hit(nets[0][0], said)
        else:
            said = "the solver has a test_iter, but no net to test: write `net` or `test_net`"
            yield Hit(runs[0].start, runs[0].end, said)
        return
    states = messages_named(fields, "test_state")
    if states and len(states) != len(runs):
        nets_text = counted(len(runs), "test net")
        said = f"has {len(states)} test_state for {nets_text}: write one for each"
        yield _hit(states[-1], said)
    interval = integer_of(fields, "test_interval")
    if runs and interval is None and not fields_named(fields, "test_interval"):
        yield _hit(first, "tests a net, but has no test_interval: say after how many iterations")
    elif runs and interval is not None and interval <= 0:
        at = fields_named(fields, "test_interval")[-1]
        said = f"tests a net, but has test_interval {interval}: say after how many iterations"
        yield _hit(at, said)


def _hit(node: Node, said: str) -> Hit:
    return Hit(node.start, node.said_end, f"the solver {said}")
