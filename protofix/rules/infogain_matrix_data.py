"""H from a data layer, and what the layer names is missing or no H.

The third bottom of an InfogainLoss may come from an HDF5Data layer, whose `source` is a list that
names one HDF5 file, or from a Data layer, whose database has one record. What is not there makes
Caffe abort; a number that is not finite spoils every weight; and of several records each iteration
takes another for H. Data of other kinds mostly lies on the machine that trains, and is not missed;
H is small and belongs to the net. Paths are looked for from the working folder, from the net's own
and from those above.

Wrong:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }
    layer { name: "H" type: "HDF5Data" top: "H"
            hdf5_data_param { source: "there/is/no/such/list.txt" batch_size: 1 } }
    layer { name: "loss" type: "InfogainLoss" bottom: "x" bottom: "y" bottom: "H" top: "loss" }
"""

from collections.abc import Iterator

from protofix.infogain.given_by import GivenBy, given_by
from protofix.infogain.losses import infogain_losses
from protofix.net.build import Built
from protofix.net.data_files import DataFiles, shown
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF503"
NAME = "infogain-matrix-data"
SEVERITY = "warning"
TYPES = ("InfogainLoss",)
RESTS_ON = "files"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the path, once for each layer that makes H."""
    for view in context.views:
        said: set[int] = set()
        for loss in view.kept(infogain_losses(view.net)):
            for built in view.built:
                given = given_by(loss, built.graph) if loss.index in built.graph.kept else None
                if given is None or given.way not in ("hdf5", "database"):
                    continue
                if given.layer.index not in said and not _is_said(context, built, loss, given):
                    said.add(given.layer.index)
                    yield from _of_layer(view, loss, given)


def _is_said(context: Context, built: Built, loss: Layer, given: GivenBy) -> bool:
    """Whether other rules have it already: what Caffe refuses of the layers, unreadable files."""
    if not given.name or any(it.layer in (loss, given.layer) for it in built.refusals):
        return True
    return _spoiled(context.files, given)


def _spoiled(files: DataFiles | None, given: GivenBy) -> bool:
    if files is None:
        return False
    listed = files.hdf5_list(given.name) if given.way == "hdf5" else None
    return given.name in files.spoiled or (listed is not None and listed.first in files.spoiled)


def _of_layer(view: NetView, loss: Layer, given: GivenBy) -> Iterator[Hit]:
    from protofix.infogain.matrix.given import GivenFiles
    from protofix.infogain.matrix.values import NotFiniteError, SeveralError

    at = given.written("source")
    if at is None:
        return
    try:
        GivenFiles(view.net.document.source.path).read(given)
        return
    except FileNotFoundError as error:
        listed = str(error) != given.name
        named = f", named by `{shown(given.name)}`," if listed else ""
        why = (
            f"`{shown(str(error))}`{named} is neither here nor in the net's folder or one above: "
            "write it there, or name it as Caffe will find it"
        )
    except (NotFiniteError, SeveralError) as error:
        why = str(error)
    except (OSError, ValueError):  # What else may be in the files, Caffe may take.
        return
    maker = f"{given.layer.type} {subject_of(given.layer)}"
    yield Hit(at.start, at.end, f"{maker} cannot make the H of {subject_of(loss)}: {why}")
