"""What a value of the wrong kind was meant to be, where one thing alone can have been meant."""

from __future__ import annotations

import re

from caffe_proto import V0_TYPES, V1_TYPES, EnumType, FieldType
from protofix.net.names import type_of_v1_name
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.tree import Field, Scalar

_V1_TYPES_OF = {today: v1 for v1, today in V1_TYPES.items()}
_LAYER_TYPE = ("LayerParameter", "type")
_V1_TYPE = "V1LayerParameter.LayerType"
_WHOLE = re.compile("0|[1-9][0-9]{0,8}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


_EXACT = 2**53  # All whole numbers up to here are floats.


def in_its_kind(scalar: Scalar, field: FieldType, owner: str, enum: EnumType | None) -> str | None:
    """How a value is to be written for a field of a message `owner`; None if that is not plain."""
    value = scalar.value
    if field.kind == "string" and scalar.kind != "string":
        is_type = (owner, field.name) == _LAYER_TYPE
        return f'"{type_of_v1_name(value) or value}"' if is_type else f'"{value}"'
    if enum is not None and scalar.kind == "string":
        names = [value, _V1_TYPES_OF.get(value), V0_TYPES.get(value)]
        known = names if enum.name == _V1_TYPE else names[:1]
        return next((name for name in known if name in enum.values), None)
    if field.kind == "bool" and scalar.kind in ("string", "name"):
        lower = value.lower()
        return "true" if lower in _TRUE else "false" if lower in _FALSE else None
    if scalar.kind == "string" and field.kind in ("float", "double"):
        return value if _DECIMAL.fullmatch(value) else None
    if scalar.kind == "string" and field.kind in ("int32", "uint32", "int64", "uint64"):
        return value if _WHOLE.fullmatch(value) else None
    if scalar.kind == "float" and field.kind in ("int32", "uint32", "int64", "uint64"):
        return _as_whole(value)
    return None


def _as_whole(written: str) -> str | None:
    """A decimal number such as `2.0` or `1e5` without point and exponent; None if not whole."""
    plain = written.rstrip("fF")
    if not _DECIMAL.fullmatch(plain):  # Which is said already.
        return None
    number = float(plain)
    return str(int(number)) if number.is_integer() and abs(number) <= _EXACT else None


def written(scalar: Scalar, text: str) -> Mending:
    """Write `text` for a value."""
    return Mending(f"write `{text}`", (Edit(scalar.start, scalar.end, text),), True)


def without_list(node: Field) -> Mending | None:
    """Write the one value of a list without its brackets; None if it has several or none."""
    if len(node.scalars) != 1:
        return None
    one = node.scalars[0]
    edits = (Edit(node.value_start, one.start, ""), Edit(one.end, node.end, ""))
    return Mending("take the brackets of the list away", edits, True)
