"""How a `.npy` file begins, read without trusting it."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAGIC = b"\x93NUMPY"
"""The first bytes of every such file."""


class NpyHeader(NamedTuple):
    """What the numbers behind a header are: their shape, order and kind."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]


def read_header(stream: BinaryIO) -> NpyHeader | None:
    """Read a header, so that the numbers come next; None if it is none, or broken."""
    try:
        with warnings.catch_warnings():
            # Python 2 wrote 3L into headers; numpy reads that, and warns.
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(stream)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            return NpyHeader(*read(stream))
    # The header is a Python literal, and numpy lets through what evaluating a broken one raises.
    except Exception:
        return None
