"""A Python layer whose class is not in its module.

Caffe aborts with an AttributeError. The module is the file of that name that lies where the net's
other files would; one that lies elsewhere on the PYTHONPATH is not looked at, and a module whose
names cannot be told from its text is not judged.

For instance, `layer: "CropLayer"` where the module defines `class Crop(caffe.Layer)`.
"""

import ast
from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.names import in_words, nearest
from protofix.net.python_modules import classes_in, names_in, python_layers, tree_of_layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Document

CODE = "PF604"
NAME = "python-class"
SEVERITY = "warning"
FIXES = ("unsafe",)
TYPES = ("Python",)
RESTS_ON = "files"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the class's name, with those that the module has."""
    document = view.net.document
    for layer in view.kept(python_layers(view.net)):
        tree = tree_of_layer(layer, document.source.path)
        names = None if tree is None else names_in(tree)
        if tree is not None and names is not None:
            yield from _of_layer(document, layer, tree, names)


def _of_layer(
    document: Document, layer: Layer, tree: ast.Module, names: frozenset[str]
) -> Iterator[Hit]:
    values = layer.values("python_param")
    for written in values.scalars("layer")[-1:]:
        if written.kind != "string" or not written.value or written.value in names:
            continue
        said = f"`{values.string('module')}`, which is here, has no `{written.value}`"
        classes = list(classes_in(tree))
        meant = nearest(written.value, classes)
        fix = None
        if meant is not None:
            said += f": did you mean `{meant}`?"
            edit = replace_string(document, written, meant)
            fix = Fix(f"name the class `{meant}`", (edit,), safe=False)
        elif classes:
            said += f": it has {in_words([f'`{name}`' for name in classes])}"
        yield Hit(written.start, written.end, f"{subject_of(layer)}: {said}", fix)


check = of_nets(_check)
