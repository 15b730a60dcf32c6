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


POOL = (
    'layer { name: "pool" type: "Pooling" bottom: "x" top: "pool" '
    "pooling_param { kernel_size: 1 stride: 2 } }\n"
)
VOLUMES = POOL.replace("kernel_size: 1 stride: 2", "kernel_size_3d: 2 kernel_size_3d: 3")
LABELLED = (
    'layer { name: "given" type: "DummyData" top: "y" top: "w" '
    "dummy_data_param { shape { dim: 2 } shape { dim: 2 } } }\n"
)
LOSS = (
    'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "y" bottom: "w" top: "l" }\n'
)
JOINED = (
    'layer { name: "half" type: "DummyData" top: "half" '
    "dummy_data_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }\n"
    'layer { name: "sum" type: "Eltwise" bottom: "pool" bottom: "half" top: "sum" }\n'
)

REGIONS = (
    'layer { name: "rois" type: "DummyData" top: "rois" '
    "dummy_data_param { shape { dim: 3 dim: 5 } } }\n"
)

# A net that Intel's Caffe builds, and the code of what is said of it for Caffe 1.0: nothing of
# layers with fields that tell whose they are.
INTEL = {
    "pooling of volumes": (batch(2, 3, 8, 8, 8) + POOL, "PF306"),
    "a kernel for volumes": (batch(2, 3, 8, 8, 8) + VOLUMES, ""),
    # 8 / 2, where Caffe 1.0 makes a fifth value of what is behind the image.
    "every second value": (batch(2, 3, 8, 8) + POOL + JOINED, "PF306"),
    "larger maps of fewer": (
        batch(2, 4, 3, 3) + 'layer { name: "r" type: "Reshape" bottom: "x" top: "r" '
        "reshape_param { pixelshuffler: 2 } }",
        "",
    ),
    "regions of one size": (
        batch(2, 4, 8, 8)
        + REGIONS
        + 'layer { name: "p" type: "ROIPooling" bottom: "x" bottom: "rois" top: "p" '
        "roi_pooling_param { pooled_size: 7 } }",
        "",
    ),
    "weights of positions": (batch(2, 3) + LABELLED + LOSS, "PF304"),
}


@pytest.mark.parametrize("title", INTEL, ids=lambda title: title.replace(" ", "-"))
def test_what_intel_takes(title: str) -> None:
    net, codes = INTEL[title]
    assert said(net, "intel") == []
    assert " ".join(sorted(it.split()[0] for it in said(net, "bvlc"))) == codes


@pytest.mark.parametrize(
    "layer", ['type: "Reshape" reshape_param { shape { dim: 6 } }', 'type: "Flatten"']
)
@pytest.mark.parametrize("dialect", ["segnet", "yjxiong"])
def test_old_forks_reshape_in_place(dialect: str, layer: str) -> None:
    net = batch(2, 3) + f'layer {{ name: "r" {layer} bottom: "x" top: "x" }}'
    assert said(net, dialect) == []
    [told] = said(net, "bvlc")
    assert "cannot work in place" in told
