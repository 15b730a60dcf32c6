"""protofix reads, checks and mends Caffe prototxt without losing a byte.

>>> import protofix
>>> protofix.parse('name: "CaffeNet"').fields[0].scalars[0].value
'CaffeNet'
>>> [finding.code for finding in protofix.check('layer { kernal: 3 }')]
['PF101']
"""

from protofix.api import check, inject, migrate, parse, prove, upgrade_text

__version__ = "0.1.0"
__all__ = ["check", "inject", "migrate", "parse", "prove", "upgrade_text"]
