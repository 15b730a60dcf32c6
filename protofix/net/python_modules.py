"""The modules of Python layers: where they lie, and what their text says. Nothing of them is run.

Caffe imports a module from the PYTHONPATH, which no file tells. One that lies where a net's other
files would be looked for is taken for it; one that does not is unknown. So is whatever does not
parse, since it may be Python 2.
"""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from protofix.files import FileError, first_bytes
from protofix.net.layers import Layer, Net
from protofix.net.param_strs import dotted_name
from protofix.net.paths import find_file

_LARGEST = 1 << 20  # bytes of a module
_BASES = ("caffe.Layer", "Layer")
_PARAM_STR = ("param_str", "param_str_")  # as Caffe called it until 2015


def python_layers(net: Net) -> list[Layer]:
    """The Python layers of a net, in the order of the file."""
    return [layer for layer in net.layers if layer.type == "Python" and layer.format == 2]


def module_file(module: str, origin: str | os.PathLike[str]) -> Path | None:
    """The file of a module, looked for as `find_file` does, from the net at `origin`."""
    path = module.replace(".", "/")
    for name in (f"{path}.py", f"{path}/__init__.py"):
        found = find_file(name, origin)
        if found is not None:
            return found
    return None


def module_tree(path: Path) -> ast.Module | None:
    """A module's text as a tree; None if it cannot be read, or is no Python of today."""
    try:
        content = first_bytes(path, _LARGEST + 1)
    except (FileError, OSError):
        return None
    if len(content) > _LARGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of odd escapes in strings, which are not ours.
            return ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def tree_of_layer(layer: Layer, origin: str | os.PathLike[str]) -> ast.Module | None:
    """The module of a Python layer, if it is there and can be read."""
    module = layer.values("python_param").string("module")
    path = module_file(module, origin) if module else None
    return None if path is None else module_tree(path)


def class_of_layer(layer: Layer, origin: str | os.PathLike[str]) -> ast.ClassDef | None:
    """The class of a Python layer, if its module is there and defines it at its top."""
    tree = tree_of_layer(layer, origin)
    name = layer.values("python_param").string("layer")
    return None if tree is None or name is None else classes_in(tree).get(name)


def names_in(tree: ast.Module) -> frozenset[str] | None:
    """Every name that a module may have; None if its text does not tell.

    Names within functions are counted in: nothing is missing for one too many.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif node.id in ("globals", "exec", "setattr", "vars", "locals"):
                return None
    return None if found & {"*", "__getattr__"} else frozenset(found)


def classes_in(tree: ast.Module) -> dict[str, ast.ClassDef]:
    """The classes that a module defines at its top, by their names; one defined twice is none."""
    found: dict[str, ast.ClassDef] = {}
    twice: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            twice |= {node.name} & found.keys()
            found[node.name] = node
    return {name: node for name, node in found.items() if name not in twice}


def methods_of(tree: ast.Module, name: str) -> frozenset[str] | None:
    """What a layer's class and those that it derives from have beside what `caffe.Layer` has.

    None if that cannot be told: if another class than those of the module is among them, say.
    """
    if names_in(tree) is None:
        return None
    classes, found = classes_in(tree), set(_set_from_outside(tree))
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        node = classes.get(name)
        if node is None or node.decorator_list or node.keywords or len(node.bases) != 1:
            return None
        found.update(_names_of_body(node))
        base = dotted_name(node.bases[0])
        if base in _BASES and base not in classes:
            return frozenset(found) if _is_caffes(tree, base) else None
        name = base
    return None


def _set_from_outside(tree: ast.Module) -> Iterator[str]:
    """What is given to any object, such as `Crop.forward = forward`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _names_of_body(node: ast.ClassDef) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner.name
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id


def _is_caffes(tree: ast.Module, base: str) -> bool:
    """Whether a base is Caffe's Layer: `caffe.Layer`, or `Layer` imported from caffe."""
    if base == "caffe.Layer":
        return True
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return any(
        node.module == "caffe" and any((it.asname or it.name) == base for it in node.names)
        for node in imports
    )


def reads_of_param_str(node: ast.AST) -> Iterator[ast.Attribute]:
    """Where a class or a module looks at its layer's `param_str`."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr in _PARAM_STR:
            yield inner
