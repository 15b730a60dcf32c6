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

import os
from collections.abc import Iterator
from pathlib import Path

from protofix.net.data_files import shown
from protofix.net.names import nearest
from protofix.net.paths import find_file
from protofix.net.python_modules import module_file, python_layers
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rules.rule import Fix, Hit, of_nets
from protofix.textproto.layout import replace_string

CODE = "PF603"
NAME = "python-module"
SEVERITY = "warning"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the module's name."""
    document = view.net.document
    for layer in view.kept(python_layers(view.net)):
        for written in layer.values("python_param").scalars("module")[-1:]:
            module = written.value
            if written.kind != "string" or not module:
                continue
            meant = _as_import(module, document.source.path)
            said = f"`{shown(module)}` is no name that Python imports: write `{meant}`"
            certain = meant is not None
            if meant is None:
                found = _missing(module, document.source.path)
                if found is None:
                    continue
                said, meant = found
            fix = None
            if meant is not None:
                edit = replace_string(document, written, meant)
                fix = Fix(f"name the module `{meant}`", (edit,), safe=certain)
            yield Hit(written.start, written.end, f"{subject_of(layer)}: {said}", fix)


def _as_import(module: str, origin: str) -> str | None:
    """What is to be written for a module named as a file is; None if it is named as a module."""
    if module.endswith(".py") and module_file(module, origin) is None:
        module_name = module.removesuffix(".py")
    else:
        module_name = module
    name = module_name.removeprefix("./").replace("/", ".")
    return name if name != module and all(map(str.isidentifier, name.split("."))) else None


def _missing(module: str, origin: str) -> tuple[str, str | None] | None:
    """What is wrong with a module that is not here, and the one meant; None if nobody can tell."""
    if module_file(module, origin) is not None:
        return None
    package, _, name = module.rpartition(".")
    folder = find_file(package.replace(".", "/"), origin) if package else _beside(origin)
    near = None if folder is None else nearest(name, modules := _modules_in(folder))
    if folder is None or name in modules:  # A compiled one is one as well.
        return None
    if near is not None:
        meant = f"{package}.{near}" if package else near
        return f"there is no module `{module}` here: did you mean `{meant}`?", meant
    if package and modules:
        return f"the package `{package}`, which is here, has no module `{name}`", None
    return None


def _beside(origin: str) -> Path | None:
    folder = Path(origin).parent
    return folder if folder.is_dir() else None


def _modules_in(folder: Path) -> list[str]:
    """The modules and packages of a folder."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        it.name.partition(".")[0]
        for it in entries
        if it.suffix in (".py", ".so", ".pyd", ".pyc") or os.path.exists(it / "__init__.py")
    ]


check = of_nets(_check)
