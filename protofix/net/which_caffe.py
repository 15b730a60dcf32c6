"""Which Caffe a net is for, as far as what its layers make and demand depends on it."""

from __future__ import annotations

from typing import NamedTuple

from caffe_proto import BVLC


class WhichCaffe(NamedTuple):
    """The dialect of a net, by its name, and where those of its layers begin that are unexplained.

    An unexplained layer has a field that no Caffe known here has, and that is no slip of one: what
    the layer makes of it, nobody can tell.
    """

    dialect: str = BVLC
    unexplained: frozenset[int] = frozenset()


CAFFE_1_0 = WhichCaffe()
"""Caffe 1.0, which knows all the fields of the net's layers."""
