"""A solver whose snapshots go to a folder that is not there.

Caffe makes no folders. With `snapshot` above 0 it tries before it trains and aborts; without, it
aborts when it writes the weights at the end, and they are lost. `snapshot_prefix` is relative to
where Caffe is started, which no file tells; the rule looks where a net that the solver names by a
relative path was found, and says nothing where none was.

For instance, `snapshot_prefix: "models/first/net"` beside `net: "models/second/net.prototxt"`,
where there is a folder `models/second` and no `models/first`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from protofix.looking import exists, folders_in
from protofix.net.data_files import shown
from protofix.net.names import nearest
from protofix.net.paths import start_folder
from protofix.net.values import Values
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string

CODE = "PF719"
NAME = "snapshot-folder-missing"
SEVERITY = "warning"
FIXES = ("unsafe",)
WANTS = "solver"
RESTS_ON = "files"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the prefix."""
    values = context.solver
    prefixes = values.scalars("snapshot_prefix")
    if not prefixes or not _writes(values):
        return
    prefix = prefixes[-1]
    folder = os.path.dirname(prefix.value)
    start = _start(context, folder)
    if not folder or start is None or "$" in folder or exists(start / folder):
        return
    when = "before it trains" if values.integer("snapshot") else "when it has trained"
    said = (
        f"snapshots go to the folder `{shown(folder)}`, which is not there, seen from where the "
        f"net was found, and Caffe aborts {when}: "
    )
    meant = _meant(start, folder)
    if meant is None:
        yield Hit(prefix.start, prefix.end, said + "make it, or name another")
        return
    edit = replace_string(
        context.document, prefix, os.path.join(meant, os.path.basename(prefix.value))
    )
    fix = Fix(f"let the snapshots go to `{shown(meant)}`", (edit,), safe=False)
    yield Hit(prefix.start, prefix.end, f"{said}did you mean `{shown(meant)}`?", fix)


def _meant(start: Path, folder: str) -> str | None:
    """A folder that is there, and in the same one, by a name a slip away."""
    above, name = os.path.split(folder)
    near = nearest(name, folders_in(start / above))
    return os.path.join(above, near) if near else None


def _writes(values: Values) -> bool:
    """Whether a solver writes snapshots by itself: now and then, or at the end."""
    if values.integer("snapshot"):
        return True
    return values.boolean("snapshot_after_train", True) and values.integer("max_iter", 0) > 0


def _start(context: Context, folder: str) -> Path | None:
    """The folder in which Caffe finds the solver's nets, and so is started."""
    named = [net.name for net in context.nets if net.name and net.path is not None]
    if os.path.isabs(folder):  # This is the machine it is on, if its nets are.
        return Path() if any(map(os.path.isabs, named)) else None
    origin = context.document.source.path
    return next((it for name in named if (it := start_folder(name, origin)) is not None), None)
