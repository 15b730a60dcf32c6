"""Numbers and shapes as people read them."""

from __future__ import annotations

from protofix.net.shapes import Shape

_COUNTS = ("", " k", " M", " G", " T", " P", " E")
_BYTES = (" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB")


def short_count(number: int) -> str:
    """A large number in three digits: "147 M", "1.59 G"."""
    return _short(number, 1000, _COUNTS)


def short_bytes(number: int) -> str:
    """A size in three digits: "4.93 MiB"."""
    return _short(number, 1024, _BYTES)


def _short(number: int, step: int, units: tuple[str, ...]) -> str:
    power = 0
    while power + 1 < len(units) and number >= step ** (power + 1):
        power += 1
    whole, rest = divmod(number, step**power)
    if power == 0 or whole >= 100:
        return f"{whole:,}{units[power]}"
    value = whole + rest / step**power
    return f"{value:.{1 if whole >= 10 else 2}f}{units[power]}"


def short_shape(shape: Shape) -> str:
    """A shape without blanks: "64×20×24×24", "?" for what is not known."""
    if shape is None:
        return "?"
    return "×".join("?" if dim is None else str(dim) for dim in shape) or "scalar"


def factor(number: float) -> str:
    """A weight or a multiplier: "1", "0.3"."""
    return f"{number:g}"
