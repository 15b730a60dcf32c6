"""What the upgrades know of the old formats, for texts and for weights alike.

The facts are those by which Caffe 1.0 itself upgrades a net when it loads one
(src/caffe/util/upgrade_proto.cpp).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from caffe_proto import V1_TYPES

Step = Literal["v0", "data", "v1", "input", "batch-norm", "solver", "spellings"]

CAFFE_STEPS: tuple[Step, ...] = ("v0", "data", "v1", "input", "batch-norm", "solver")
"""The steps that Caffe takes when it loads a file, in its order."""

ALL_STEPS: tuple[Step, ...] = (*CAFFE_STEPS, "spellings")
"""Those, and the deprecated spellings that Caffe itself leaves as they are."""

STEP_TITLES: Mapping[Step, str] = MappingProxyType(
    {
        "v0": "V0 layers (`layers { layer { ... } }`)",
        "data": "data transformation fields outside `transform_param`",
        "v1": "V1 layers (`layers { type: RELU }`)",
        "input": "`input` fields in place of an Input layer",
        "batch-norm": "learning rates of BatchNorm's statistics",
        "solver": "`solver_type` of a solver",
        "spellings": "deprecated spellings",
    }
)


def check_steps(steps: Iterable[str]) -> None:
    """Raise ValueError for the name of a step that there is not."""
    for step in steps:
        if step not in ALL_STEPS:
            raise ValueError(f"there is no step `{step}`; there are {', '.join(ALL_STEPS)}")


V0_PADDED_TYPES = ("conv", "pool")
"""The V0 types that a padding layer may feed: its `pad` becomes theirs."""


@dataclass(frozen=True)
class V0Field:
    """Where a field of a V0 layer lives in V1: its name there, and by V0 type the message it is in.

    `everywhere` is the message of a field that goes to one place whatever the type. A home of ""
    is the layer itself. A field without any home has no meaning today.
    """

    name: str
    homes: Mapping[str, str] = field(default_factory=dict)
    everywhere: str | None = None

    def home(self, v0_type: str) -> str | None:
        """The message in which the field lives, None for a type in which it has no meaning."""
        return self.everywhere or self.homes.get(v0_type)


_CONV = {"conv": "convolution_param"}
_POOL = {"pool": "pooling_param"}
_WEIGHTED = {**_CONV, "innerproduct": "inner_product_param"}
_WINDOWED = {**_CONV, **_POOL}
_LRN = {"lrn": "lrn_param"}
_IMAGES = {"images": "image_data_param"}
_WINDOW_DATA = {"window_data": "window_data_param"}
_BATCHED = {
    "data": "data_param",
    "hdf5_data": "hdf5_data_param",
    **_IMAGES,
    **_WINDOW_DATA,
}

V0_LAYER_FIELDS = frozenset({"name", "type", "blobs", "blobs_lr", "weight_decay"})
"""The fields of a V0 layer that V1 has under the same name, in the layer itself."""

V0_FIELDS: Mapping[str, V0Field] = MappingProxyType(
    {
        "num_output": V0Field("num_output", _WEIGHTED),
        "biasterm": V0Field("bias_term", _WEIGHTED),
        "weight_filler": V0Field("weight_filler", _WEIGHTED),
        "bias_filler": V0Field("bias_filler", _WEIGHTED),
        "pad": V0Field("pad", _WINDOWED),
        "kernelsize": V0Field("kernel_size", _WINDOWED),
        "group": V0Field("group", _CONV),
        "stride": V0Field("stride", _WINDOWED),
        "pool": V0Field("pool", _POOL),
        "dropout_ratio": V0Field("dropout_ratio", {"dropout": "dropout_param"}),
        "local_size": V0Field("local_size", _LRN),
        "alpha": V0Field("alpha", _LRN),
        "beta": V0Field("beta", _LRN),
        "k": V0Field("k", _LRN),
        "source": V0Field("source", {**_BATCHED, "infogain_loss": "infogain_loss_param"}),
        "scale": V0Field("scale", everywhere="transform_param"),
        "meanfile": V0Field("mean_file", everywhere="transform_param"),
        "batchsize": V0Field("batch_size", _BATCHED),
        "cropsize": V0Field("crop_size", everywhere="transform_param"),
        "mirror": V0Field("mirror", everywhere="transform_param"),
        "rand_skip": V0Field("rand_skip", {"data": "data_param", **_IMAGES}),
        "shuffle_images": V0Field("shuffle", _IMAGES),
        "new_height": V0Field("new_height", _IMAGES),
        "new_width": V0Field("new_width", _IMAGES),
        "concat_dim": V0Field("concat_dim", {"concat": "concat_param"}),
        "det_fg_threshold": V0Field("fg_threshold", _WINDOW_DATA),
        "det_bg_threshold": V0Field("bg_threshold", _WINDOW_DATA),
        "det_fg_fraction": V0Field("fg_fraction", _WINDOW_DATA),
        "det_context_pad": V0Field("context_pad", _WINDOW_DATA),
        "det_crop_mode": V0Field("crop_mode", _WINDOW_DATA),
        "hdf5_output_param": V0Field("hdf5_output_param", {"hdf5_output": ""}),
        # Declared and never read, not even by Caffe's own upgrade.
        "new_num": V0Field("new_num"),
        "new_channels": V0Field("new_channels"),
    }
)
"""The other fields of a V0 layer."""

TRANSFORM_FIELDS = ("scale", "mean_file", "crop_size", "mirror")
"""The fields of V1 data layers that moved into `transform_param`."""

TRANSFORMED_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "DATA": "data_param",
        "IMAGE_DATA": "image_data_param",
        "WINDOW_DATA": "window_data_param",
    }
)
"""The V1 types that had them, and in which message."""

TRANSFORMED_PARAMS: Mapping[str, str] = MappingProxyType(
    {V1_TYPES[v1]: param for v1, param in TRANSFORMED_TYPES.items()}
)
"""The same by today's type strings."""

PARAM_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "param": "name",
        "blob_share_mode": "share_mode",
        "blobs_lr": "lr_mult",
        "weight_decay": "decay_mult",
    }
)
"""The repeated fields of a V1 layer whose n-th values make the n-th `param` message today."""

INPUT_DIMS = 4
"""How many `input_dim` make the shape of one `input`: every blob had four axes then."""
