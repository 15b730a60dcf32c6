"""A Python layer whose `module` is no name of a module, or is not in its package.

The name goes to `import`: dots between packages, no `.py`. Caffe looks for it on the PYTHONPATH,
which no file tells, so that a module that is nowhere near the net is not reported; one whose
package is here and does not have it is, as is one that differs by a slip from a module beside the
net.

Wrong:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop.py" layer: "Crop" } }

Right:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" } }

Wrong:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "layers/crop" layer: "Crop" } }

Right:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "layers.crop" layer: "Crop" } }
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from protofix.looking import exists
from protofix.net.data_files import shown
from protofix.net.names import nearest
from protofix.net.paths import find_file
from protofix.net.python_modules import module_file, python_layers
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Document, Scalar

CODE = "PF603"
NAME = "python-module"
SEVERITY = "warning"
FIXES = ("unsafe",)
TYPES = ("Python",)
RESTS_ON = "files"


class _Wrong(NamedTuple):
    """What is wrong with a module's name, the name that was meant, and whether it must be that."""

    said: str
    meant: str | None
    certain: bool


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the module's name."""
    document = view.net.document
    for layer in view.kept(python_layers(view.net)):
        for written in layer.values("python_param").scalars("module")[-1:]:
            if written.kind == "string" and written.value:
                origin = document.source.path
                wrong = _misnamed(written.value, origin) or _missing(written.value, origin)
                if wrong is not None:
                    said = f"{subject_of(layer)}: {wrong.said}"
                    yield Hit(written.start, written.end, said, _fix(document, written, wrong))


def _fix(document: Document, written: Scalar, wrong: _Wrong) -> Fix | None:
    if wrong.meant is None:
        return None
    edit = replace_string(document, written, wrong.meant)
    return Fix(f"name the module `{wrong.meant}`", (edit,), safe=wrong.certain)


def _misnamed(module: str, origin: str) -> _Wrong | None:
    """A module named as a file is; None if it is named as a module."""
    # A package may have a module that is called `py`.
    is_file = module.endswith(".py") and module_file(module, origin) is None
    path = module.removesuffix(".py") if is_file else module
    name = path.removeprefix("./").replace("/", ".")
    if name == module or not all(map(str.isidentifier, name.split("."))):
        return None
    return _Wrong(f"`{shown(module)}` is no name that Python imports: write `{name}`", name, True)


def _missing(module: str, origin: str) -> _Wrong | None:
    """A module that is not here, though what lies here tells of it; None if nobody can tell."""
    if module_file(module, origin) is not None:
        return None
    package, _, name = module.rpartition(".")
    folder = find_file(package.replace(".", "/"), origin) if package else _beside(origin)
    modules = [] if folder is None else _modules_in(folder)
    if not modules or name in modules:  # A compiled one is one as well.
        return None
    near = nearest(name, modules)
    if near is not None:
        meant = f"{package}.{near}" if package else near
        said = f"there is no module `{shown(module)}` here: did you mean `{meant}`?"
        return _Wrong(said, meant, False)
    if package and "__init__" in modules:  # Without it, another folder may be the package's.
        said = f"the package `{package}`, which is here, has no module `{shown(name)}`"
        return _Wrong(said, None, False)
    return None


def _beside(origin: str) -> Path | None:
    folder = Path(origin).parent
    return folder if exists(folder) else None


def _modules_in(folder: Path) -> list[str]:
    """The modules and packages of a folder."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        it.name.partition(".")[0]
        for it in entries
        if it.suffix in (".py", ".so", ".pyd", ".pyc") or exists(it / "__init__.py")
    ]


check = of_nets(_check)
