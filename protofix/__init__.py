"""protofix reads, checks and mends Caffe prototxt without losing a byte.

>>> import protofix
>>> protofix.parse('name: "CaffeNet"').fields[0].scalars[0].value
'CaffeNet'
>>> [finding.code for finding in protofix.check('layer { kernal: 3 }')]
['PF101']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protofix.api import check, inject, migrate, parse, prove, upgrade_text

__version__ = "0.1.0"
__all__ = ["check", "inject", "migrate", "parse", "prove", "upgrade_text"]


def __getattr__(name: str) -> object:
    """Give a function of the library, which the command line does without."""
    if name in __all__:
        from protofix import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
