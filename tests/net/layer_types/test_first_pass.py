"""Blobs without values, which Caffe builds and cannot run, and what else waits for the first pass.

Recorded from Caffe 1.0: what it aborts at when it builds, and what in its first forward pass.
"""

from __future__ import annotations

import pytest
from building import built_net


def image(shape: str) -> str:
    dims = " ".join(f"dim: {dim}" for dim in shape.split())
    return f'layer {{ name: "in" type: "Input" top: "y" input_param {{ shape {{ {dims} }} }} }}\n'


def layer(fields: str, bottom: str = "y", top: str = "t", name: str = "x") -> str:
    return f'layer {{ name: "{name}" bottom: "{bottom}" top: "{top}" {fields} }}\n'


def pool(fields: str) -> str:
    return f'type: "Pooling" pooling_param {{ {fields} }}'


def conv(fields: str, kind: str = "Convolution") -> str:
    return f'type: "{kind}" convolution_param {{ num_output: 4 {fields} }}'


def dummy(fields: str) -> str:
    return (
        f'layer {{ name: "x" type: "DummyData" top: "t" top: "u" dummy_data_param {{ {fields} }} }}'
    )


IMAGE = image("2 3 4 8")
NO_VALUES = image("2 3 0 8")
RELU = layer('type: "ReLU"', "t", "u", "after")
NOTHING = "shape { dim: 2 dim: 0 }"
GAUSSIAN, CONSTANT = 'data_filler { type: "gaussian" }', 'data_filler { type: "constant" }'

# A net, and what is said of it: of which kind, and a piece of the words.
SAID = {
    # Said once, where the values are lost, and not of what follows.
    IMAGE + layer(pool("kernel_h: 5 kernel_w: 1")) + RELU: [
        ("first-pass", "`x` makes `t` of 2 × 3 × 0 × 8, without values: it has a kernel of 5 × 1"),
    ],
    IMAGE + layer(conv("kernel_h: 5 kernel_w: 1 bias_term: false")) + RELU: [
        ("first-pass", "of 2 × 4 × 0 × 8, without values: it has a kernel that covers 5, which is"),
    ],
    IMAGE + layer(conv("kernel_size: 1 pad_h: 2 bias_term: false", "Deconvolution")): [
        (
            "first-pass",
            "it pads 2 on each side, which leaves nothing of `y`, 2 × 3 × 4 × 8: pad le",
        ),
    ],
    'layer { name: "x" type: "Parameter" top: "t" parameter_param { shape { dim: 0 } } }': [
        ("first-pass", "`x` makes `t` of 0, without values"),
    ],
    # With a bias it is not even built.
    IMAGE + layer(conv("kernel_h: 5 kernel_w: 1")): [("shape", "has a kernel that covers 5")],
    IMAGE + layer(f"loss_weight: 1 {pool('kernel_h: 5 kernel_w: 1')}"): [
        ("shape", "has a loss_weight for `t`, which is without values"),
    ],
    # A program may give an Input its shape before the first pass.
    NO_VALUES + layer('type: "ReLU"') + RELU: [],
    NO_VALUES + layer(pool("kernel_size: 1")): [],
    'layer { type: "Input" top: "y" }' + layer('type: "ReLU"'): [],
    NO_VALUES + 'layer { name: "x" type: "Silence" bottom: "y" }': [],
    # A filler that waits for the first pass does not hide what is made before.
    dummy(f"{NOTHING} {GAUSSIAN} {CONSTANT}"): [("shape", "makes `u` of 2 × 0, without values")],
    dummy(f'{NOTHING} {GAUSSIAN} data_filler {{ type: "none" }}'): [
        ("parameter", 'has data_filler "none"'),
    ],
    dummy(f"{NOTHING} {GAUSSIAN}"): [("first-pass", "makes `t` of 2 × 0, without values")],
    # A kernel's side alone is not read beside kernel_size.
    IMAGE + layer(pool("kernel_size: 3 kernel_h: 0")): [],
    IMAGE + layer(pool("kernel_size: 3 kernel_w: 9")): [],
    IMAGE + layer(pool("kernel_size: 0 kernel_w: 9")): [("parameter", "has a kernel of 0")],
    # A Deconvolution divides by its stride when it runs, if its sides let it be built.
    IMAGE + layer(conv("kernel_size: 3 pad: 1 stride_h: 2", "Deconvolution")): [
        ("first-pass", "has no stride_w beside the other"),
    ],
    IMAGE + layer(conv("kernel_size: 2 pad: 1 stride_h: 2", "Deconvolution")): [
        ("parameter", "has no stride_w beside the other"),
    ],
    IMAGE + layer(conv("kernel_size: 1 pad: 3 stride_h: 2 bias_term: false", "Deconvolution")): [
        ("parameter", "has no stride_w beside the other"),
    ],
    IMAGE + layer(conv("kernel_size: 3 stride_h: 0 stride_w: 0", "Deconvolution")): [
        ("first-pass", "has a stride of 0"),
    ],
    IMAGE + layer(conv("kernel_size: 3 stride_h: 2")): [
        ("parameter", "has no stride_w beside the other"),
    ],
}


@pytest.mark.parametrize("net", SAID)
def test_what_waits_for_the_first_pass(net: str) -> None:
    found = [(refusal.kind, refusal.message) for refusal in built_net(net).refusals]
    assert [kind for kind, _ in found] == [kind for kind, _ in SAID[net]], found
    for (_, message), (_, piece) in zip(found, SAID[net], strict=True):
        assert piece in message


V0 = 'input: "x" input_dim: 2 input_dim: 3 input_dim: 8 input_dim: 8\n'
PAD_2 = 'layers { layer { name: "p" type: "padding" pad: 2 } bottom: "x" top: "p" }\n'


def v0(fields: str, bottoms: str = 'bottom: "p"') -> str:
    return f'layers {{ layer {{ name: "a" {fields} }} {bottoms} top: "a" }}'


CONV = 'type: "conv" num_output: 2 kernelsize: 3'

# A net of the V0 format, and what its last layer makes.
PADDED = {
    V0 + PAD_2 + v0(CONV): (2, 2, 10, 10),
    # The layer's own pad gives way, even to none.
    V0 + PAD_2 + v0(f"{CONV} pad: 1"): (2, 2, 10, 10),
    V0 + PAD_2.replace("pad: 2", "") + v0(f"{CONV} pad: 1"): (2, 2, 6, 6),
    V0 + PAD_2 + v0('type: "pool" pool: AVE kernelsize: 3 pad: 1'): (2, 3, 10, 10),
}


@pytest.mark.parametrize("net", PADDED)
def test_v0_padding_takes_the_place_of_the_pad_of_a_layer(net: str) -> None:
    built = built_net(net)
    assert not built.refusals
    assert built.tops_of(built.graph.layers[-1]) == (PADDED[net],)


NOT_PADDED = {
    PAD_2 + 'layers { layer { name: "q" type: "padding" pad: 1 } bottom: "p" top: "q" }': (
        "`q` reads `p`, which a padding layer makes: only layers of type conv or pool can pad"
    ),
    PAD_2 + v0('type: "relu"'): "`a` reads `p`, which a padding layer makes: only layers of type",
    PAD_2 + v0('type: "pool" kernelsize: 2'): "has a pad of 2, which must be less than its kernel",
    PAD_2 + v0('type: "pool" kernelsize: 3 pool: STOCHASTIC'): "pads and pools STOCHASTIC",
    PAD_2.replace("2", "0")
    + v0(CONV, 'bottom: "p" bottom: "x"').replace(
        'top: "a"', 'top: "a" top: "b"'
    ): "reads `p`, which a padding layer makes, and other blobs",
}


@pytest.mark.parametrize("net", NOT_PADDED)
def test_v0_padding_that_caffe_refuses(net: str) -> None:
    [refusal] = built_net(V0 + net).refusals
    assert NOT_PADDED[net] in refusal.message
