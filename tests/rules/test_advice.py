"""What is said of an unknown field, value or layer type: who knows it, and what was meant."""

from __future__ import annotations

import pytest
from shared_data import ROOT

import protofix
from caffe_proto import DIALECTS, V1_TYPES, dialect_schema, layer_types
from protofix.net.names import nearest, nearest_type, param_of_type, slip_of_type
from protofix.rulebook.findings import Finding
from protofix.rulebook.lacks import who_has_it

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
        "there is no message LabelMap in SegNet: SSD, NVIDIA 0.17 and Intel have it"
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
    ("layers { type: BN }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `BN` in Caffe 1.0: "
        "as a `layer` of type `BN`, SegNet, yjxiong and PSPNet have it"
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
    ("layer { pooling_param { pool: MAX_POOLING } }", "bvlc"): (
        "PoolingParameter.PoolMethod has no value `MAX_POOLING` in Caffe 1.0: did you mean MAX?"
    ),
    ("layer { type: 'convolution' }", "bvlc"): (
        "there is no layer type `convolution` in Caffe 1.0: did you mean `Convolution`?"
    ),
    ("layer { type: 'ROIPoolling' }", "bvlc"): (
        "there is no layer type `ROIPoolling` in Caffe 1.0: did you mean `ROIPooling`? "
        "Faster R-CNN, Fast R-CNN, R-FCN and 2 more have it"
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
    ("layer { type: 'Pooling' engine: CUDNN }", "auto"): (
        "LayerParameter has no field `engine` in Caffe 1.0: it belongs in `pooling_param`"
    ),
    # A list, which others take.
    ("net: 'x' device_id: [0, 1]", "bvlc"): (
        "`device_id` takes one value, not a list, in Caffe 1.0: yjxiong takes several"
    ),
    ("layer { convolution_param { kernel_size: [3, 1] } }", "fastrcnn"): (
        "`kernel_size` takes one value, not a list, in Fast R-CNN: Caffe 1.0 takes several"
    ),
    ("layer { convolution_param { num_output: [3, 1] } }", "bvlc"): (
        "`num_output` takes one value, not a list"
    ),
    # A fork's, written otherwise.
    ("base_lr: 1 rampup_intervl: 3", "auto"): (
        "SolverParameter has no field `rampup_intervl` in Caffe 1.0: "
        "did you mean `rampup_interval`? NVIDIA 0.17 has it"
    ),
    ("layer { convolution_param { fusion_typ: SUM_FUSION } }", "auto"): (
        "ConvolutionParameter has no field `fusion_typ` in Caffe 1.0: "
        "did you mean `fusion_type`? Intel has it"
    ),
    ("layer { convolution_param { fusion_typ: 0x1 } }", "auto"): (
        "ConvolutionParameter has no field `fusion_typ` in Caffe 1.0: "
        "did you mean `fusion_type`? Intel has it"
    ),
    ("layer { zoom_factor: 3 }", "auto"): (
        "LayerParameter has no field `zoom_factor` in Caffe 1.0: "
        "InterpParameter of DeepLab and PSPNet has it"
    ),
    # Nobody's.
    ("layer { convolution_param { fuse_type: FUSED_CONV_RELU } }", "auto"): (
        "ConvolutionParameter has no field `fuse_type` in Caffe 1.0, nor in any fork known here"
    ),
    ("layer { convolution_param { fusion_typ: 7 } }", "auto"): (
        "ConvolutionParameter has no field `fusion_typ` in Caffe 1.0, nor in any fork known here"
    ),
    ("layer { type: 'ImageGtData' }", "bvlc"): (
        "there is no layer type `ImageGtData` in Caffe 1.0, nor in any fork known here"
    ),
    ("layers { type: UNPOOLING }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `UNPOOLING` in Caffe 1.0, "
        "nor in any fork known here"
    ),
    ("layers { type: ELTWISE_ACCURACY }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `ELTWISE_ACCURACY` in Caffe 1.0, "
        "nor in any fork known here"
    ),
    ("layer { wibble: 1 }", "bvlc"): (
        "LayerParameter has no field `wibble` in Caffe 1.0, nor in any fork known here"
    ),
    ("layer { type: 'Wibble' }", "bvlc"): (
        "there is no layer type `Wibble` in Caffe 1.0, nor in any fork known here"
    ),
    ("layer { include { phase: WIBBLE } }", "bvlc"): (
        "Phase has no value `WIBBLE` in Caffe 1.0: it has TRAIN, TEST"
    ),
    ("layers { type: -5 }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `-5` in Caffe 1.0: "
        "it has NONE, ABSVAL, ACCURACY, ARGMAX, BNLL, CONCAT, ..."
    ),
    ("layers { type: 0x123456789 }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `0x123456789` in Caffe 1.0: "
        "it has NONE, ABSVAL, ACCURACY, ARGMAX, BNLL, CONCAT, ..."
    ),
    ("layers { type: 99 }", "bvlc"): (
        "V1LayerParameter.LayerType has no value `99` in Caffe 1.0: "
        "it has NONE, ABSVAL, ACCURACY, ARGMAX, BNLL, CONCAT, ..."
    ),
}


def of_the_schema(findings: list[Finding]) -> list[Finding]:
    """Those of the family 1xx: the layers here say little more than what is at stake."""
    return [finding for finding in findings if finding.code.startswith("PF1")]


@pytest.mark.parametrize(("text", "dialect"), SAID, ids=lambda it: it)
def test_what_is_said(text: str, dialect: str) -> None:
    [finding] = of_the_schema(protofix.check(text, dialect=dialect))
    assert finding.message == SAID[text, dialect]


# A text with one unknown field, and what is said after "in Caffe 1.0: ".
HOMES = {
    "layer { convolution_param { lr_mult: 1 } }": "it belongs in `param`",
    "layer { convolution_param { bottom: 'x' } }": (
        "it belongs in the layer, outside `convolution_param`"
    ),
    "layer { convolution_param { pool: MAX } }": "it belongs in `pooling_param` or `spp_param`",
    "layer { convolution_param { std: 1 } }": "it belongs in `weight_filler` or `bias_filler`",
    "layer { type: 'InnerProduct' param { weight_filler { } } }": (
        "it belongs in `inner_product_param`"
    ),
    "layer { type: 'Data' data_param { mean_value: 1 } }": "it belongs in `transform_param`",
    "layer { type: 'Data' scale: 2 }": "it belongs in `transform_param`",
    "layer { type: 'Power' scale: 2 }": "it belongs in `power_param`",
    "layer { type: 'ReLU' stride: 3 }": "it belongs in `convolution_param` or `pooling_param`",
    "layer { type: 'Pooling' stride: 3 }": "it belongs in `pooling_param`",
    "layer { type: 'ReLU' num_output: 3 }": (
        "it belongs in `convolution_param`, `embed_param`, `inner_product_param` or 1 more"
    ),
    "layer { } bottom: 'x'": "it belongs in `layer`",
    "layer { } base_lr: 1": "it belongs in a solver",
    "layer { max_iter: 1 }": "it belongs in a solver",
    "base_lr: 1 max_iter: 2 layer { }": "it belongs at the top of a net",
    # Of the old formats, and in them.
    "layer { blobs_lr: 1 }": (
        "`layers` of the V1 format have it; `protofix upgrade` makes `param { lr_mult }` of it"
    ),
    "layer { weight_decay: 1 }": (
        "`layers` of the V1 format have it; `protofix upgrade` makes `param { decay_mult }` of it"
    ),
    "layer { kernelsize: 1 }": "`layers { layer { } }` of the V0 format have it",
    "layers { type: CONVOLUTION lr_mult: 1 }": "`layers` have `blobs_lr` for it",
    "layers { convolution_param { lr_mult: 1 } }": "`layers` have `blobs_lr` for it",
    "layers { convolution_param { mirror: true } }": "it belongs in `transform_param`",
    # Written otherwise.
    "layer { inner_product { num_output: 3 } }": "did you mean `inner_product_param`?",
    "layer { convolution_param { kernel: 3 } }": "did you mean `kernel_size`?",
    "layer { convolution_param { paddding: 3 } }": "did you mean `pad`?",
    "layer { convolution_param { filters: 3 } }": "did you mean `num_output`?",
}


@pytest.mark.parametrize("text", HOMES)
def test_where_a_field_belongs(text: str) -> None:
    [finding] = of_the_schema(protofix.check(text))
    assert finding.message.partition(" in Caffe 1.0: ")[2] == HOMES[text]


# Messages that no dialect has, and the one that was meant: it must know what they hold.
HELD = {
    "layer { convolutoin_param { } }": "convolution_param",
    "layer { convolutoin_param { num_output: 3 kernal_size: 3 } }": "convolution_param",
    "layer { convolutoin_param { num_output: 3 wibble: 3 } }": None,
    "layer { inner_product { wibble: 3 } }": None,
    "layer { my_data_param { shape { dim: 1 } } }": None,
}


@pytest.mark.parametrize("text", HELD)
def test_a_message_is_meant_that_knows_what_is_held(text: str) -> None:
    [finding] = of_the_schema(protofix.check(text))
    meant = HELD[text]
    assert finding.message.endswith(f"did you mean `{meant}`?") == (meant is not None)
    assert (finding.fix and finding.fix.title) == (f"write `{meant}`" if meant else None)


def test_where_a_field_belongs_that_stands_in_a_list() -> None:
    text = "layer [ { type: 'ReLU' }, { type: 'Pooling' stride: 3 } ]"
    [finding] = of_the_schema(protofix.check(text))
    assert finding.message.endswith(": it belongs in `pooling_param`")


def test_a_placeholder_is_no_message() -> None:
    found = protofix.check("layer { convolution_param { num_output: ${X} } }")
    assert {finding.code for finding in found} == {"PF004", "PF001"}


MEANT = {
    "base_lrr: 1 momentumm: 2": "; did you mean `base_lr` and `momentum`?",
    "nam: 'n' layr { }": "; did you mean `name` and `layer`?",
    "layr { } wibble: 1": "",
    "item { id: 1 }": "",
}


@pytest.mark.parametrize("text", MEANT)
def test_a_file_of_slips_alone(text: str) -> None:
    [finding] = of_the_schema(protofix.check(text))
    assert finding.code == "PF108"
    assert finding.message.partition("; did")[1:] == MEANT[text].partition("; did")[1:]


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
    assert [f.code for f in of_the_schema(protofix.check(text))] == ["PF109"]
    schema = ROOT / "caffe_proto" / "caffe.desc"
    assert of_the_schema(protofix.check(text, schema=schema)) == []


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


# Names of messages, and the message that was most likely meant.
MESSAGES = {
    "relu_parm": "relu_param",
    "relu_params": "relu_param",
    "relu_pram": "relu_param",
    "convolution_parm": "convolution_param",
    "Convolution_Parma": "convolution_param",
    "convolutoin_param": "convolution_param",
    # With a slip more it may be another's message: that of a Flip is not `clip_param`.
    "flip_parm": None,
    "convolutoin_parm": None,
    # Nor is one whose words are others.
    "my_data_param": None,
    "dumy_data_param": "dummy_data_param",
    "inner_prodcut_param": "inner_product_param",
    "iner_product_param": "inner_product_param",
    "hdf_data_param": "hdf5_data_param",
    # Nor is every last word a slip.
    "relu_part": None,
    "relu_path": None,
    # Some fork's field has a last word much like it.
    "bw_parms": "bw_params",
    "parm": "param",
}


@pytest.mark.parametrize("written", MESSAGES)
def test_the_message_that_was_meant(written: str) -> None:
    fields = dialect_schema("bvlc").messages["LayerParameter"].fields
    assert nearest(written, [*fields, "bw_params"]) == MESSAGES[written]


# What is no type of Caffe 1.0, and the one that was most likely meant.
NEAR_TYPES = {
    "InerProduct": "InnerProduct",
    "inerproduct": "InnerProduct",
    "SoftmaxLoss": "SoftmaxWithLoss",
    "EuclideanWithLoss": "EuclideanLoss",
    "ConvolutionLayer": "Convolution",
    "Convolutional": "Convolution",
    "Rleu": "ReLU",
    "Crp": "Crop",
    "POOLNG": "POOLING",
    "RELUU": "RELU",
    # With a word more they are types of their own.
    "ImageGtData": None,
    "MarginInnerProduct": None,
    "InnerMarginProduct": None,
    "InnerProductMargin": None,
    "BboxAccuracy": None,
    "Convolution3D": None,
    "ReLU6": None,
    "EltwiseAccuracy": None,
    "ELTWISE_ACCURACY": None,
    # So they are with a syllable before them, and short ones with a letter or with another.
    "UNPOOLING": None,
    "SeLu": None,
    "RReLU": None,
    "Flip": None,
}


@pytest.mark.parametrize("written", NEAR_TYPES)
def test_the_type_that_was_meant(written: str) -> None:
    types = V1_TYPES if written.isupper() else sorted(layer_types("bvlc"))
    assert nearest_type(written, types) == NEAR_TYPES[written]


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


# A layer for Caffe 1.0, and which rules say that a fork has what it has.
OF_A_FORKS_TYPE = {
    "layer { name: 'b' type: 'BN' top: 'b' bn_param { bn_mode: LEARN } }": ["PF109"],
    "layer { name: 'b' type: 'BN' top: 'b' bn_param { } wibble: 1 }": ["PF109", "PF101"],
    "layer { name: 'b' type: 'ReLU' top: 'b' bn_param { } }": ["PF101"],
    # Caffe reads the text of a layer that it does not keep, and knows no such field.
    "layer { name: 'b' type: 'BN' top: 'b' bn_param { } exclude { } }": ["PF101"],
}


@pytest.mark.parametrize("text", OF_A_FORKS_TYPE)
def test_a_type_is_said_with_its_fields(text: str) -> None:
    found = [it.code for it in protofix.check(text, dialect="bvlc") if it.code.startswith("PF1")]
    assert found == OF_A_FORKS_TYPE[text]
