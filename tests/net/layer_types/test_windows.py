"""Im2col and SPP: what they make, and what Caffe would refuse."""

from __future__ import annotations

from building import Makes, Refuses, built, built_net, last_of, makes, refuses


def im2col(fields: str) -> str:
    return f'type: "Im2col" convolution_param {{ {fields} }}'


def spp(fields: str) -> str:
    return f'type: "SPP" spp_param {{ {fields} }}'


# The layer, what it reads and what it makes.
BUILT: list[Makes] = [
    (im2col("kernel_size: 3"), "2 3 8 9", "2 27 6 7"),
    (im2col("kernel_size: 3 pad: 1 stride: 2"), "2 3 8 9", "2 27 4 5"),
    (im2col("kernel_h: 1 kernel_w: 5"), "2 3 8 9", "2 15 8 5"),
    (im2col("kernel_size: [1, 5] dilation: 2"), "2 3 8 9", "2 15 8 1"),
    (im2col("kernel_size: 3 axis: 2"), "2 3 8 9", "2 3 24 7"),
    (im2col("kernel_size: 2"), "2 3 4 5 6", "2 24 3 4 5"),
    # Caffe divides towards zero, so that a kernel may be a little more than the image.
    (im2col("kernel_size: 4 stride: 2"), "2 3 3 4", "2 48 1 1"),
    (spp("pyramid_height: 1"), "2 3 8 9", "2 3 1 1"),
    (spp("pyramid_height: 2"), "2 3 8 9", "2 15"),
    (spp("pyramid_height: 3 pool: AVE"), "2 3 8 9", "2 63"),
    (spp("pyramid_height: 3 pool: STOCHASTIC"), "2 3 8 4", "2 63"),
    (spp("pyramid_height: 6"), "1 1 32 32", "1 1365"),
]

test_what_is_built = makes(BUILT)


# The layer, what it reads, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    (im2col(""), "2 3 8 9", "needs kernel_size, or kernel_h and kernel_w"),
    (im2col(""), None, "needs kernel_size, or kernel_h and kernel_w"),
    (im2col("kernel_size: 0"), "2 3 8 9", "has a kernel of 0"),
    (im2col("kernel_h: 3"), "2 3 8 9", "has no kernel_w beside the other"),
    (im2col("kernel_size: 3 stride_h: 2"), "2 3 8 9", "has no stride_w beside the other"),
    (im2col("kernel_size: 3 stride: 0"), "2 3 8 9", "has a stride of 0"),
    (im2col("kernel_size: 3 kernel_h: 3"), "2 3 8 9", "has both kernel_size and kernel_h"),
    (im2col("kernel_h: 3 kernel_w: 3"), "2 3 8", "which are for 2 spatial axes, but `b0` is 2 × 3"),
    (im2col("kernel_size: [3, 3, 3]"), "2 3 8 9", "has 3 values of kernel_size and 2 spatial axes"),
    (im2col("kernel_size: 3 pad: [1, 1, 1]"), "2 3 8 9", "has 3 values of pad and 2 spatial axes"),
    (im2col("kernel_size: 3 axis: 4"), "2 3 8 9", "works on axis 4, but `b0` is 2 × 3 × 8 × 9"),
    (im2col("kernel_size: 3"), "2 3", "goes over the axes behind axis 1, but `b0` is 2 × 3"),
    (
        im2col("kernel_size: 4"),
        "2 3 3 4",
        "makes `t0` of 2 × 48 × 0 × 1, without values: it has a kernel of 4 × 4, which with its "
        "dilation is more than `b0`, 2 × 3 × 3 × 4, and the padding around it",
    ),
    (im2col("kernel_size: 5"), "2 3 3 3", "has a kernel of 5 × 5, which with its dilation is more"),
    (spp(""), "2 3 8 9", "needs pyramid_height, how many levels its pyramid has: at least 1"),
    (spp("pyramid_height: 0"), None, "needs pyramid_height, how many levels its pyramid has"),
    (spp("pyramid_height: 2"), "2 3 8", "reads `b0`, which is 2 × 3 × 8: it is for images"),
    (spp("pyramid_height: 2"), "2 3 0 8", "which is 2 × 3 × 0 × 8, an empty image"),
    (
        spp("pyramid_height: 6"),
        "2 3 9 9",
        "has pyramid_height 6, but cannot cut `b0`, 2 × 3 × 9 × 9, into 8 × 8 bins: "
        "pyramid_height 3 is the most",
    ),
    (
        spp("pyramid_height: 3 pool: STOCHASTIC"),
        "2 3 8 6",
        "pools STOCHASTIC, which does not pad, but `b0`, 2 × 3 × 8 × 6, does not divide into 4 × 4",
    ),
    (spp("pyramid_height: 40"), None, "has a pyramid_height of more than 31"),
    (spp(f"pyramid_height: {'9' * 5000}"), None, "has a pyramid_height of more than 31"),
]

test_what_is_refused = refuses(REFUSED)


# The layer, what is known of its bottom, and what follows of its top.
UNKNOWN: list[Makes] = [
    (im2col("kernel_size: 3"), "? 3 ? 9", "? 27 ? 7"),
    (im2col("kernel_size: 3"), "2 ? 8 9", "2 ? 6 7"),
    (im2col("kernel_size: 3"), None, None),
    (spp("pyramid_height: 1"), None, "? ? 1 1"),
    (spp("pyramid_height: 3"), None, "? ?"),
    (spp("pyramid_height: 3"), "? 3 ? ?", "? 63"),
]

test_what_follows_from_what_is_known = makes(UNKNOWN)


def test_a_pyramid_of_more_than_one_level_cannot_stand_in_place() -> None:
    layer = f'top: "b0" {spp("pyramid_height: 2")}'
    assert built(layer, "2 3 8 8", tops=0).said == [
        "`x` cannot work in place: give its top another name than `b0`"
    ]
    layer = f'top: "b0" {spp("pyramid_height: 1")}'
    assert built(layer, "2 3 8 8", tops=0).said == []


def test_a_v0_layer_has_kernelsize() -> None:
    net = """
        input: "b" input_dim: 2 input_dim: 3 input_dim: 8 input_dim: 9
        layers {
          layer { name: "x" type: "im2col" kernelsize: 3 stride: 2 }
          bottom: "b" top: "t"
        }
    """
    it = last_of(built_net(net))
    assert it.said == []
    assert it.tops == ((2, 27, 3, 4),)
