"""A field in a deprecated spelling that Caffe still reads.

`concat_dim` and `slice_dim` are `axis` today, `normalize` of `loss_param` is `normalization`, and
`num`, `channels`, `height` and `width` of DummyData are `shape`. They mean the same; that an
InfogainLoss may not have `normalize` at all is PF404.

Wrong:

    layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "cat"
            concat_param { concat_dim: 1 } }

Right:

    layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "cat"
            concat_param { axis: 1 } }
"""

from collections.abc import Iterator

from protofix.net.layers import Layer, Net
from protofix.net.names import counted
from protofix.rulebook.unread import BY_THE_BATCH
from protofix.rulebook.upgrading import Old, old_format
from protofix.textproto.tree import Message, Node, messages_named

CODE = "PF207"
NAME = "old-spellings"
SEVERITY = "info"

_TODAY = {
    "concat_param": ("concat_dim", "axis"),
    "slice_param": ("slice_dim", "axis"),
    "loss_param": ("normalize", "normalization"),
    "dummy_data_param": ("num", "shape"),
}

# An InfogainLoss refuses `normalize`, as PF404 says; the others read no loss_param at all.
_SAID_ELSEWHERE = ("InfogainLoss", "Accuracy", *BY_THE_BATCH)


def _look(net: Net) -> Old | None:
    found = [it for layer in net.layers for it in _old(layer)]
    if not found:
        return None
    node, today = found[0]
    others = len(found) - 1
    more = f" (and {counted(others, 'other field')} too)" if others else ""
    return Old(node, f"`{node.name}` is a spelling of old{more}: write `{today}`")


def _old(layer: Layer) -> Iterator[tuple[Node, str]]:
    """The fields of a layer that have another name today, where that is not given too."""
    for name, (old, today) in _TODAY.items() if layer.format else ():
        if name == "loss_param" and layer.type in _SAID_ELSEWHERE:
            continue
        for param in messages_named(layer.fields, name):
            yield from ((node, today) for node in _first(param, old, today))


def _first(param: Message, old: str, today: str) -> Iterator[Node]:
    names = [node.name for node in param.fields]
    if old in names and today not in names:
        yield param.fields[names.index(old)]


check = old_format(_look, ("spellings",), "write today's names, as `protofix upgrade` does")
