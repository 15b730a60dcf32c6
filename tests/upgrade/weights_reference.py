"""What Caffe makes of a net in an old format when it loads one, message by message.

Written for the tests from Caffe 1.0's src/caffe/util/upgrade_proto.cpp, apart from what protofix
does: no bytes, and tables of its own.
"""

from __future__ import annotations

from typing import Any

from caffe_proto import base_schema

Net = base_schema().message_class("NetParameter")

V0_TYPES = dict(
    line.split()
    for line in """
    accuracy ACCURACY
    bnll BNLL
    concat CONCAT
    conv CONVOLUTION
    data DATA
    dropout DROPOUT
    euclidean_loss EUCLIDEAN_LOSS
    flatten FLATTEN
    hdf5_data HDF5_DATA
    hdf5_output HDF5_OUTPUT
    im2col IM2COL
    images IMAGE_DATA
    infogain_loss INFOGAIN_LOSS
    innerproduct INNER_PRODUCT
    lrn LRN
    multinomial_logistic_loss MULTINOMIAL_LOGISTIC_LOSS
    pool POOLING
    relu RELU
    sigmoid SIGMOID
    softmax SOFTMAX
    softmax_loss SOFTMAX_LOSS
    split SPLIT
    tanh TANH
    window_data WINDOW_DATA
    """.strip().splitlines()
)

V1_TYPES = dict(
    line.split()
    for line in """
    ABSVAL AbsVal
    ACCURACY Accuracy
    ARGMAX ArgMax
    BNLL BNLL
    CONCAT Concat
    CONTRASTIVE_LOSS ContrastiveLoss
    CONVOLUTION Convolution
    DATA Data
    DECONVOLUTION Deconvolution
    DROPOUT Dropout
    DUMMY_DATA DummyData
    ELTWISE Eltwise
    EUCLIDEAN_LOSS EuclideanLoss
    EXP Exp
    FLATTEN Flatten
    HDF5_DATA HDF5Data
    HDF5_OUTPUT HDF5Output
    HINGE_LOSS HingeLoss
    IM2COL Im2col
    IMAGE_DATA ImageData
    INFOGAIN_LOSS InfogainLoss
    INNER_PRODUCT InnerProduct
    LRN LRN
    MEMORY_DATA MemoryData
    MULTINOMIAL_LOGISTIC_LOSS MultinomialLogisticLoss
    MVN MVN
    POOLING Pooling
    POWER Power
    RELU ReLU
    SIGMOID Sigmoid
    SIGMOID_CROSS_ENTROPY_LOSS SigmoidCrossEntropyLoss
    SILENCE Silence
    SLICE Slice
    SOFTMAX Softmax
    SOFTMAX_LOSS SoftmaxWithLoss
    SPLIT Split
    TANH TanH
    THRESHOLD Threshold
    WINDOW_DATA WindowData
    """.strip().splitlines()
)

V0_HOMES = """
num_output conv=convolution_param innerproduct=inner_product_param
biasterm:bias_term conv=convolution_param innerproduct=inner_product_param
weight_filler conv=convolution_param innerproduct=inner_product_param
bias_filler conv=convolution_param innerproduct=inner_product_param
pad conv=convolution_param pool=pooling_param
kernelsize:kernel_size conv=convolution_param pool=pooling_param
group conv=convolution_param
stride conv=convolution_param pool=pooling_param
pool pool=pooling_param
dropout_ratio dropout=dropout_param
local_size lrn=lrn_param
alpha lrn=lrn_param
beta lrn=lrn_param
k lrn=lrn_param
source data=data_param hdf5_data=hdf5_data_param images=image_data_param \
window_data=window_data_param infogain_loss=infogain_loss_param
scale *=transform_param
meanfile:mean_file *=transform_param
batchsize:batch_size data=data_param hdf5_data=hdf5_data_param images=image_data_param \
window_data=window_data_param
cropsize:crop_size *=transform_param
mirror *=transform_param
rand_skip data=data_param images=image_data_param
shuffle_images:shuffle images=image_data_param
new_height images=image_data_param
new_width images=image_data_param
concat_dim concat=concat_param
det_fg_threshold:fg_threshold window_data=window_data_param
det_bg_threshold:bg_threshold window_data=window_data_param
det_fg_fraction:fg_fraction window_data=window_data_param
det_context_pad:context_pad window_data=window_data_param
det_crop_mode:crop_mode window_data=window_data_param
"""

DATA_TYPES = {"DATA": "data_param", "IMAGE_DATA": "image_data_param"} | {
    "WINDOW_DATA": "window_data_param"
}
TRANSFORMS = ("scale", "mean_file", "crop_size", "mirror")
V1_NUMBERS = base_schema().enums["V1LayerParameter.LayerType"].values


def upgraded(net: Any) -> Any:
    """The net as Caffe has it in memory after loading."""
    result: Any = Net()
    result.CopyFrom(net)
    if any(layer.HasField("layer") for layer in result.layers):
        _upgrade_v0(result)
    if any(_old_transforms(layer) for layer in result.layers):
        for layer in result.layers:
            _move_transforms(layer)
    for layer in result.layers:
        _upgrade_v1(layer, result.layer.add())
    result.ClearField("layers")
    if result.input:
        _upgrade_inputs(result)
    for layer in result.layer:
        if layer.type == "BatchNorm" and len(layer.param) == 3:
            for param in layer.param:
                param.lr_mult = param.decay_mult = 0
    return result


def _upgrade_v0(net: Any) -> None:
    layers: list[Any] = list(net.layers)
    makers: dict[str, Any] = dict.fromkeys(net.input)
    kept = []
    for layer in layers:
        if layer.layer.type != "padding":
            kept.append(layer)
        for index, bottom in enumerate(layer.bottom):
            padding = makers[bottom]
            if padding is not None and padding.layer.type == "padding":
                assert layer.layer.type in ("conv", "pool")
                layer.layer.pad = padding.layer.pad
                layer.bottom[index] = padding.bottom[0]
        makers.update(dict.fromkeys(layer.top, layer))
    made = [_v1_of_v0(layer) for layer in kept]
    net.ClearField("layers")
    net.layers.extend(made)


def _v1_of_v0(layer: Any) -> Any:
    old = layer.layer
    new: Any = base_schema().message_class("V1LayerParameter")()
    new.bottom.extend(layer.bottom)
    new.top.extend(layer.top)
    if old.HasField("name"):
        new.name = old.name
    if old.HasField("type"):
        new.type = V1_NUMBERS[V0_TYPES[old.type]]
    for name in ("blobs", "blobs_lr", "weight_decay"):
        getattr(new, name).extend(getattr(old, name))
    for line in V0_HOMES.strip().splitlines():
        names, *homes = line.split()
        name, _, renamed = names.partition(":")
        places = dict(home.split("=") for home in homes)
        place = places.get("*") or places.get(old.type)
        if place and old.HasField(name):
            _give(getattr(new, place), renamed or name, getattr(old, name))
    if old.HasField("hdf5_output_param") and old.type == "hdf5_output":
        new.hdf5_output_param.CopyFrom(old.hdf5_output_param)
    return new


def _give(message: Any, name: str, value: Any) -> None:
    here = getattr(message, name)
    if hasattr(here, "append"):
        here.append(value)
    elif hasattr(here, "CopyFrom"):
        here.CopyFrom(value)
    else:
        # new_height and new_width were signed: below zero C++ makes them large.
        unsigned = name in ("new_height", "new_width")
        setattr(message, name, value % (1 << 32) if unsigned else value)


def _type_name(layer: Any) -> str:
    return next(name for name, number in V1_NUMBERS.items() if number == layer.type)


def _old_transforms(layer: Any) -> bool:
    param = DATA_TYPES.get(_type_name(layer))
    return param is not None and any(getattr(layer, param).HasField(it) for it in TRANSFORMS)


def _move_transforms(layer: Any) -> None:
    param = DATA_TYPES.get(_type_name(layer))
    if param is None:
        return
    old = getattr(layer, param)
    old.SetInParent()
    layer.transform_param.SetInParent()
    for name in TRANSFORMS:
        if old.HasField(name):
            setattr(layer.transform_param, name, getattr(old, name))
            old.ClearField(name)


def _upgrade_v1(old: Any, new: Any) -> None:
    if old.HasField("type"):
        new.type = V1_TYPES.get(_type_name(old), "")
    for field, value in old.ListFields():
        if field.name in ("type", "param", "blob_share_mode", "blobs_lr", "weight_decay"):
            continue
        if hasattr(value, "extend"):
            getattr(new, field.name).extend(value)
        else:
            _give(new, field.name, value)
    moved = (
        (old.param, "name"),
        (old.blob_share_mode, "share_mode"),
        (old.blobs_lr, "lr_mult"),
        (old.weight_decay, "decay_mult"),
    )
    for values, name in moved:
        for index, value in enumerate(values):
            while len(new.param) <= index:
                new.param.add()
            setattr(new.param[index], name, value)


def _upgrade_inputs(net: Any) -> None:
    if net.input_shape or net.input_dim:
        layers = list(net.layer)
        net.ClearField("layer")
        added = net.layer.add(name="input", type="Input", top=net.input)
        for index in range(len(net.input)):
            shape = added.input_param.shape.add()
            if net.input_shape:
                shape.CopyFrom(net.input_shape[index])
            else:
                shape.dim.extend(net.input_dim[4 * index : 4 * index + 4])
        net.layer.extend(layers)
    for name in ("input", "input_shape", "input_dim"):
        net.ClearField(name)
