"""What is said of an unknown field, value or layer type: who knows it, and what was meant."""

from __future__ import annotations

import pytest
from shared_data import ROOT

import protofix
from caffe_proto import DIALECTS, dialect_schema
from protofix.net.names import nearest, param_of_type, slip_of_type
from protofix.rules.rule import who_has_it

# A text, the dialect it is held against, and the end of what is said.
SAID = {
    # A fork's.
    ("layer { bn_param { } }", "bvlc"): (
        "LayerParameter has no field `bn_param` in Caffe 1.0: SegNet, yjxiong and PSPNet have it"
    ),
    ("layer { batch_norm_param { } }", "segnet"): (
        "LayerParameter has no field `batch_norm_param` in SegNet: Caffe 1.0 has it"
    ),
    ("item { label: 1 }", "segnet"): (
        "LabelMap has no field `item` in SegNet: SSD, NVIDIA 0.17 and Intel have it"
    ),
    ("layers { interp_param { } }", "bvlc"): (
        "V1LayerParameter has no field `interp_param` in Caffe 1.0: "
        "in a `layer` of today's, DeepLab and PSPNet have it"
    ),
    ("layer { loss_param { normalization: PRE_FIXED } }", "bvlc"): (
        "LossParameter.NormalizationMode has no value `PRE_FIXED` in Caffe 1.0: "
        "R-FCN and Intel have it"
    ),
    ("layers { type: CROP }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `CROP` in Caffe 1.0: CRF-RNN has it"
    ),
    ("layers { type: BATCH_NORM }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `BATCH_NORM` in Caffe 1.0: "
        "as a `layer` of type `BatchNorm`, Caffe 1.0 has it"
    ),
    ("layers { type: INTERP }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `INTERP` in Caffe 1.0: "
        "as a `layer` of type `Interp`, DeepLab and PSPNet have it"
    ),
    ("layer { type: 'PriorBox' }", "bvlc"): (
        "there is no layer type `PriorBox` in Caffe 1.0: SSD, NVIDIA 0.17 and Intel have it"
    ),
    # A slip.
    ("layer { convolution_param { kernal_size: 3 } }", "bvlc"): (
        "ConvolutionParameter has no field `kernal_size` in Caffe 1.0: did you mean `kernel_size`?"
    ),
    ("layer { nmae: 'a' }", "ssd"): (
        "LayerParameter has no field `nmae` in SSD: did you mean `name`?"
    ),
    ("layer { convolutionParam { } }", "bvlc"): (
        "LayerParameter has no field `convolutionParam` in Caffe 1.0: "
        "did you mean `convolution_param`?"
    ),
    (
        "layer { include { phase: test } }",
        "bvlc",
    ): "Phase has no value `test` in Caffe 1.0: write TEST",
    ("layer { eltwise_param { operation: SUMM } }", "bvlc"): (
        "EltwiseParameter.EltwiseOp has no value `SUMM` in Caffe 1.0: did you mean SUM?"
    ),
    ("layer { type: 'convolution' }", "bvlc"): (
        "there is no layer type `convolution` in Caffe 1.0: did you mean `Convolution`?"
    ),
    ("layer { type: 'ROIPoolling' }", "bvlc"): (
        "there is no layer type `ROIPoolling` in Caffe 1.0: did you mean `ROIPooling`? "
        "Fast R-CNN, Faster R-CNN, R-FCN and 2 more have it"
    ),
    # An old format's.
    ("layer { type: 'SOFTMAX_LOSS' }", "bvlc"): (
        "there is no layer type `SOFTMAX_LOSS` in Caffe 1.0: "
        "that is what old formats call `SoftmaxWithLoss`"
    ),
    ("layer { type: 'conv' }", "bvlc"): (
        "there is no layer type `conv` in Caffe 1.0: that is what old formats call `Convolution`"
    ),
    # One that belongs elsewhere.
    ("layer { type: 'InnerProduct' num_output: 10 }", "bvlc"): (
        "LayerParameter has no field `num_output` in Caffe 1.0: it belongs in `inner_product_param`"
    ),
    ("layer { type: 'Data' mirror: true }", "bvlc"): (
        "LayerParameter has no field `mirror` in Caffe 1.0: it belongs in `transform_param`"
    ),
    ("layer { type: 'Deconvolution' group: 21 }", "bvlc"): (
        "LayerParameter has no field `group` in Caffe 1.0: it belongs in `convolution_param`"
    ),
    ("layer { lr_mult: 1 }", "bvlc"): (
        "LayerParameter has no field `lr_mult` in Caffe 1.0: it belongs in `param`"
    ),
    # Nobody's.
    ("layer { wibble: 1 }", "bvlc"): (
        "LayerParameter has no field `wibble` in Caffe 1.0, nor in any fork known here"
    ),
    ("layer { type: 'Wibble' }", "bvlc"): (
        "there is no layer type `Wibble` in Caffe 1.0, nor in any fork known here"
    ),
    ("layer { include { phase: WIBBLE } }", "bvlc"): (
        "Phase has no value `WIBBLE` in Caffe 1.0: it has TRAIN, TEST"
    ),
    ("layers { type: 99 }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `99` in Caffe 1.0: "
        "it has NONE, ABSVAL, ACCURACY, ARGMAX, BNLL, CONCAT, ..."
    ),
}


@pytest.mark.parametrize(("text", "dialect"), SAID, ids=lambda it: it)
def test_what_is_said(text: str, dialect: str) -> None:
    [finding] = protofix.check(text, dialect=dialect)
    assert finding.message == SAID[text, dialect]


def test_not_caffe_says_what_is_there() -> None:
    [finding] = protofix.check("model { zoo { } name: 'x' }\nversion: 2")
    assert finding.message == (
        "not a Caffe file, neither a net nor a solver nor a label map: "
        "its fields are `model { zoo name }`, `version`"
    )


WHO = {
    ("ssd",): "SSD has it",
    ("segnet", "yjxiong"): "SegNet and yjxiong have it",
    ("segnet", "yjxiong", "pspnet"): "SegNet, yjxiong and PSPNet have it",
    ("rfcn", "deeplab", "pspnet", "ssd"): "R-FCN, DeepLab, PSPNet and 1 more have it",
    ("bvlc", "ssd"): "Caffe 1.0 has it",
    DIALECTS: "Caffe 1.0 has it",
}


@pytest.mark.parametrize("dialects", WHO, ids=" ".join)
def test_who_has_it(dialects: tuple[str, ...]) -> None:
    assert who_has_it(dialects) == WHO[dialects]


@pytest.mark.parametrize("text", ["layer { type: 'ReLU6' }", "layer { type: 'Convolution3D' }"])
def test_with_a_schema_of_ones_own_new_types_are_fine(text: str) -> None:
    assert [f.code for f in protofix.check(text)] == ["PF109"]
    assert protofix.check(text, schema=ROOT / "caffe_proto" / "caffe.desc") == []


SLIPS = {
    "Convolutoin": "Convolution",
    "Convoluton": "Convolution",
    "Convollution": "Convolution",
    "Convolutian": "Convolution",
    "RELU": "ReLU",
    "softmax_with_loss": "SoftmaxWithLoss",
    "EUCLIDEAN_LOSS": "EuclideanLoss",
    "pool": "Pooling",
    "CROP": "Crop",
    "Pooling2": None,
    "Poolings": None,
    "MyLoss": None,
    "ReLU6": None,
    "ReLU": None,
}


@pytest.mark.parametrize("written", SLIPS)
def test_slips_of_a_type(written: str) -> None:
    assert slip_of_type(written) == SLIPS[written]


def test_a_name_with_other_words_is_not_near() -> None:
    assert nearest("image_seg_data", ["image_data", "window_data"]) is None
    assert nearest("bn_param", ["bias_param", "mvn_param"]) is None
    assert nearest("kernelsize", ["kernel_size", "kernel_h"]) == "kernel_size"


@pytest.mark.parametrize(
    ("layer_type", "param"),
    [
        ("Convolution", "convolution_param"),
        ("INNER_PRODUCT", "inner_product_param"),
        ("Deconvolution", "convolution_param"),
        ("HDF5Data", "hdf5_data_param"),
        ("ReLU", "relu_param"),
        ("LRN", "lrn_param"),
        ("InfogainLoss", "infogain_loss_param"),
        ("ROIPooling", "roi_pooling_param"),
        ("TanH", "tanh_param"),
        ("PReLU", "prelu_param"),
    ],
)
def test_where_a_type_has_its_parameters(layer_type: str, param: str) -> None:
    names = dialect_schema("ssd").messages["LayerParameter"].fields
    names_of_fasterrcnn = dialect_schema("fasterrcnn").messages["LayerParameter"].fields
    assert param_of_type(layer_type, [*names, *names_of_fasterrcnn]) == param
