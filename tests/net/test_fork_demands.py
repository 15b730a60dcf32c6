"""What a fork demands of all layers, or of those of a type, otherwise than Caffe 1.0."""

from __future__ import annotations

import pytest

import protofix

LARGE = "more than 2,147,483,647 values"


def said(net: str, dialect: str) -> list[str]:
    """What is refused of a net: the code and the words."""
    found = protofix.check(net, "net.prototxt", dialect=dialect)
    return [f"{it.code} {it.message}" for it in found if it.code in ("PF304", "PF305", "PF306")]


def batch(*dims: int) -> str:
    shape = " ".join(f"dim: {dim}" for dim in dims)
    return (
        'layer { name: "data" type: "DummyData" top: "x" '
        f"dummy_data_param {{ shape {{ {shape} }} }} }}\n"
    )


@pytest.mark.parametrize("dialect", ["nvidia015", "nvidia"])
def test_nvidia_shares_a_batch_among_the_gpus(dialect: str) -> None:
    many, large = batch(8192, 96, 55, 55), batch(2, 96, 55000, 55000)
    assert said(many, dialect) == []
    [told] = said(large, dialect)
    assert told.startswith("PF306 ") and LARGE in told
    for net in (many, large):
        [told] = said(net, "bvlc")
        assert told.startswith("PF306 ") and LARGE in told
