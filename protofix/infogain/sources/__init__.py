"""Giving a loss its matrix H: from a file, or by a layer that computes or reads it.

Each way is edits on the text and, beside the net, the files that the new text names.
"""

from protofix.infogain.sources.giving import classes_of, give_matrix
from protofix.infogain.sources.ways import (
    FromDatabase,
    FromFile,
    FromHdf5,
    FromLabels,
    Given,
    GivenMatrix,
    SourceError,
    Way,
)

__all__ = [
    "FromDatabase",
    "FromFile",
    "FromHdf5",
    "FromLabels",
    "Given",
    "GivenMatrix",
    "SourceError",
    "Way",
    "classes_of",
    "give_matrix",
]
