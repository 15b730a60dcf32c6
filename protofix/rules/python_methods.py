"""A Python layer whose class lacks a method that Caffe calls.

Caffe calls `setup`, `reshape` and `forward` of every layer, and `backward` of those that are
learned through. `caffe.Layer` itself has only a `setup` and a `reshape` that call themselves for
ever. A class is judged if its module lies where the net's other files would, and if it derives
from `caffe.Layer` and classes of that module alone.

For instance, `class Crop(caffe.Layer)` with `setup` and `forward` and no `reshape`, even if there
is nothing for it to do: write `def reshape(self, bottom, top): pass`.
"""

from collections.abc import Iterator

from protofix.net.as_built import as_built
from protofix.net.backward import backward_of
from protofix.net.layers import Layer
from protofix.net.names import in_words
from protofix.net.python_modules import methods_of, python_layers, tree_of_layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF605"
NAME = "python-methods"
SEVERITY = "warning"
TYPES = ("Python",)
RESTS_ON = "files"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the class's name."""
    for layer in view.kept(python_layers(view.net)):
        tree = tree_of_layer(layer, view.net.document.source.path)
        for written in layer.values("python_param").scalars("layer")[-1:]:
            methods = None if tree is None else methods_of(tree, written.value)
            if methods is None:
                continue
            missing = [it for it in ("setup", "reshape", "forward") if it not in methods]
            if "backward" not in methods and _is_learned_through(view, layer):
                missing.append("backward")
            if missing:
                named = in_words([f"`{name}`" for name in missing])
                said = f"the class `{written.value}` has no {named}, which Caffe calls"
                yield Hit(written.start, written.end, f"{subject_of(layer)}: {said}")


def _is_learned_through(view: NetView, layer: Layer) -> bool:
    """Whether Caffe goes back through a layer when it trains."""
    for built in view.built:
        if built.graph.state.phase == "TRAIN" and layer.index in built.graph.kept:
            net = as_built(built)
            back = backward_of(net, view.net.fields)
            learned = zip(net.layers, back.bottoms, back.under_loss, strict=True)
            if any(one.layer is layer and any(read) and under for one, read, under in learned):
                return True
    return False


check = of_nets(_check)
