"""Which Caffe a net is for, as far as what its layers make and demand depends on it."""

from __future__ import annotations

from typing import NamedTuple

from caffe_proto import DIALECTS


class Origin(NamedTuple):
    """The dialect of a net, by its name, and where those of its layers begin that are foreign.

    A foreign layer has a field that no Caffe known here has: what it makes of it, nobody can tell.
    """

    dialect: str = DIALECTS[0]
    foreign: frozenset[int] = frozenset()


CAFFE = Origin()
"""Caffe 1.0, which knows all the fields of the net's layers."""
