"""V0 padding layers of binary nets: folded into what they feed, or left and told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from weights_nets import both, lost, net_of, remark
from weights_reference import Net

from protofix.upgrade.weights.notes import Note


def stays(why: str, pad: bool = True) -> tuple[Note, ...]:
    """What is said of a padding layer that has to stay, and of its `pad`."""
    said = lost(f"layer `p`: is a padding layer that {why}: left as a layer of that type")
    gone = lost("layer `p`: pad means nothing to a layer of type `padding`; dropped")
    return (said, gone) if pad else (said,)


PAD = 'layers { bottom: "x" top: "p" layer { name: "p" type: "padding" pad: 2 } }'
CONV = 'layers { bottom: "p" top: "c" layer { name: "c" type: "conv" } }'
LEFT = 'layer { bottom: "x" top: "p" name: "p" type: "padding" }'
LEFT_CONV = 'layer { bottom: "p" top: "c" name: "c" type: "Convolution" }'
DROPPED = (remark("layer `p`: is a padding layer that no layer reads; dropped, as by Caffe"),)

CASES: list[tuple[str, str, str, tuple[Note, ...]]] = [
    (
        "two readers, of which one pads already",
        PAD
        + 'layers { bottom: "p" top: "c" layer { name: "c" type: "conv" pad: 7 } }'
        + 'layers { bottom: "p" top: "q" layer { name: "q" type: "pool" } }',
        'layer { bottom: "x" top: "c" name: "c" type: "Convolution" convolution_param { pad: 2 } }'
        'layer { bottom: "x" top: "q" name: "q" type: "Pooling" pooling_param { pad: 2 } }',
        (),
    ),
    (
        "no pad, which is one of 0",
        PAD.replace("pad: 2", "") + CONV.replace('"conv"', '"conv" pad: 7'),
        'layer { bottom: "x" top: "c" name: "c" type: "Convolution" convolution_param { pad: 0 } }',
        (),
    ),
    (
        "nobody reads it",
        PAD + 'layers { bottom: "x" top: "r" layer { name: "r" type: "relu" } }',
        'layer { bottom: "x" top: "r" name: "r" type: "ReLU" }',
        DROPPED,
    ),
    (
        "nobody reads it, for another layer makes its blob anew",
        PAD + 'layers { bottom: "y" top: "p" layer { name: "r" type: "relu" } }' + CONV,
        'layer { bottom: "y" top: "p" name: "r" type: "ReLU" }' + LEFT_CONV,
        DROPPED,
    ),
    (
        "there is nothing else",
        PAD,
        LEFT,
        stays("feeds no layer at all"),
    ),
    (
        "one reader can take it, another cannot",
        PAD + CONV + 'layers { bottom: "p" top: "r" layer { name: "r" type: "relu" } }',
        LEFT + LEFT_CONV + 'layer { bottom: "p" top: "r" name: "r" type: "ReLU" }',
        stays("feeds `r`, which is no V0 layer of type conv or pool"),
    ),
    (
        "its reader has another bottom",
        PAD + 'layers { bottom: ["p", "x"] top: "c" layer { name: "c" type: "conv" pad: 1 } }',
        LEFT + 'layer { bottom: ["p", "x"] top: "c" name: "c" type: "Convolution" '
        "convolution_param { pad: 1 } }",
        stays("feeds `c`, which reads other blobs too"),
    ),
    (
        "its reader is V1",
        PAD + 'layers { bottom: "p" top: "c" name: "c" type: CONVOLUTION }',
        LEFT + LEFT_CONV,
        (
            *stays("feeds `c`, which is no V0 layer of type conv or pool"),
            remark(
                "layer `c`: is a V1 layer among V0 ones, of which Caffe would keep bottom and top "
                "only"
            ),
        ),
    ),
    (
        "its reader is today's",
        PAD + LEFT_CONV,
        LEFT + LEFT_CONV,
        stays("feeds `c`, which is no V0 layer of type conv or pool"),
    ),
    (
        "it has blobs",
        PAD.replace("pad: 2", "blobs { num: 1 }") + CONV,
        LEFT.replace('"padding"', '"padding" blobs { num: 1 }') + LEFT_CONV,
        stays("has blobs", pad=False),
    ),
    (
        "it has two bottoms",
        PAD.replace('"x"', '["x", "y"]') + CONV,
        LEFT.replace('"x"', '["x", "y"]') + LEFT_CONV,
        stays("has 2 bottoms instead of one"),
    ),
    (
        "it has two tops",
        PAD.replace('top: "p"', 'top: ["p", "q"]') + CONV,
        LEFT.replace('top: "p"', 'top: ["p", "q"]') + LEFT_CONV,
        stays("has 2 tops instead of one"),
    ),
    (
        "padding of padding",
        PAD
        + 'layers { bottom: "p" top: "q" layer { name: "q" type: "padding" pad: 3 } }'
        + CONV.replace('bottom: "p"', 'bottom: "q"'),
        LEFT + LEFT_CONV.replace('"Convolution"', '"Convolution" convolution_param { pad: 3 }'),
        stays("feeds `q`, which is no V0 layer of type conv or pool"),
    ),
]


@pytest.mark.parametrize(
    ("before", "expected", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_padding_layers(before: str, expected: str, said: tuple[Note, ...], tmp_path: Path) -> None:
    binary, upgrade = both(tmp_path, net_of(before).SerializeToString(), unsafe=True)
    assert Net.FromString(binary) == net_of(expected)
    assert upgrade.notes == said
    assert upgrade.complete == (not any(note.left for note in said))


def test_without_step_v1_its_type_is_lost(tmp_path: Path) -> None:
    before = PAD + CONV.replace('"conv"', '"relu"')
    binary, upgrade = both(tmp_path, net_of(before).SerializeToString(), steps=("v0",))
    assert Net.FromString(binary) == net_of(
        'layers { bottom: "x" top: "p" name: "p" } '
        'layers { bottom: "p" top: "c" name: "c" type: RELU }'
    )
    assert upgrade.notes == (
        *stays("feeds `c`, which is no V0 layer of type conv or pool"),
        lost("layer `p`: V1 has no number for its type: dropped, for want of step v1"),
    )
