"""Where the files are that a prototxt names.

A path in a prototxt is relative to the folder in which Caffe was started, and nothing records
which that was.
"""

from __future__ import annotations

import os
from pathlib import Path

from protofix.looking import exists


def find_file(name: str, origin: str | os.PathLike[str]) -> Path | None:
    """The file or folder that a prototxt means by a path, or None if it is not there.

    A relative path is looked for from the working folder, then from the folder of the prototxt,
    `origin`. One through folders, such as "examples/mnist/lenet.prototxt", is looked for from each
    folder above too, where a checkout of Caffe has its root; a bare name could be anyone's file
    there. An absolute path is taken as it is.
    """
    if os.path.isabs(name):
        return Path(name) if exists(name) else None
    start = start_folder(name, origin)
    return None if start is None else start / name


def start_folder(name: str, origin: str | os.PathLike[str]) -> Path | None:
    """The folder from which a prototxt's relative path leads to what is there.

    Caffe must be started there to find it. None if there is none, or for an absolute path. The
    working folder is ".".
    """
    if not name or os.path.isabs(name):
        return None
    if exists(name):
        return Path()
    try:
        start = Path(os.path.abspath(origin))
    except OSError:  # The working folder is gone.
        return None
    folders = start.parents if os.path.dirname(name) else start.parents[:1]
    return next((above for above in folders if exists(above / name)), None)
