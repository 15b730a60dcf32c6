"""Which dialect and which kind of file is found, over the corpus and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import corpus_files, corpus_id, needs_shared

import protofix
from caffe_proto import DIALECTS, SchemaError, dialect_schema
from protofix.net import dialects
from protofix.net.dialects import Dialect, Fit, chosen_dialect, fit, known_dialect
from protofix.net.kinds import kind_of_file
from protofix.textproto.reader import read
from protofix.textproto.source import Source


def fit_of(text: str, dialect: str = "auto") -> Fit:
    return fit(read(Source(text)), chosen_dialect(dialect))


# Files of the corpus with something that no table has. The nets of deeplab-context are of DeepLab
# v1, a fork of the V1 format; the table `deeplab` is of its successor, which left that format.
FIRST_DEEPLAB = "DeepLab v1: V1 types and fields of its own (hole, strict_dim, INTERP, ...)"
TEMPLATE = f"{FIRST_DEEPLAB}; a template besides: `num_output: ${{NUM_LABELS}}`"
STRANGE = {
    "deeplab-context/examples/lenet/lenet_stepearly_solver.prototxt": (
        "DeepLab v1: `stepearly` of its solver"
    ),
    "deeplab-context/voc12/config/vgg128_noup/test.prototxt": TEMPLATE,
    "deeplab-context/voc12/config/vgg128_noup/train.prototxt": TEMPLATE,
    "deeplab-context/voc12/vgg128_noup/test.prototxt": FIRST_DEEPLAB,
    "deeplab-context/voc12/vgg128_noup/test_test.prototxt": FIRST_DEEPLAB,
    "deeplab-context/voc12/vgg128_noup/test_val.prototxt": FIRST_DEEPLAB,
    "deeplab-context/voc12/vgg128_noup/train.prototxt": FIRST_DEEPLAB,
    "deeplab-context/voc12/vgg128_noup/train_trainval_aug.prototxt": FIRST_DEEPLAB,
}

# The dialects that the folders' files may be found to be in; the others are all Caffe 1.0.
FOLDERS = {
    "py-faster-rcnn": {"bvlc", "fasterrcnn", "rfcn"},  # ZF asks for an engine of LRN
    "segnet": {"bvlc", "segnet"},
    "ssd": {"bvlc", "ssd"},
    "deeplab-context": {"bvlc", "deeplab"},
}


@needs_shared
@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_a_file_of_the_corpus_has_nothing_unknown(path: Path) -> None:
    fitted = fit(read(Source.from_bytes(path.read_bytes(), str(path))))
    assert bool(fitted.unknown) == (corpus_id(path) in STRANGE), (
        f"{corpus_id(path)}, {fitted.dialect.title}: {fitted.unknown}"
    )
    assert fitted.dialect.name in FOLDERS.get(corpus_id(path).split("/")[0], {"bvlc"})


@needs_shared
@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_the_kind_of_a_file_of_the_corpus(path: Path) -> None:
    expected = "NetParameter"
    if "solver" in path.name:
        expected = "SolverParameter"
    if path.name.startswith("labelmap"):
        expected = "LabelMap"
    document = read(Source.from_bytes(path.read_bytes(), str(path)))
    assert kind_of_file(document, dialect_schema("bvlc")) == expected


USES = {
    "layer { type: 'ReLU' }": "bvlc",
    "layer { type: 'ROIPooling' }": "fasterrcnn",
    "layer { type: 'ROIPooling' roi_pooling_param { pooled_w: 7 } }": "fasterrcnn",
    "layers { type: CROP }": "crfrnn",
    "layers { type: 40 }": "crfrnn",
    "layer { type: 'MultiStageMeanfield' multi_stage_meanfield_param { theta_alpha: 1 "
    "theta_beta: 1 theta_gamma: 1 num_iterations: 5 } }": "crfrnn",
    "layer { loss_param { normalization: PRE_FIXED } }": "rfcn",
    "layer { type: 'BN' bn_param { bn_mode: INFERENCE } }": "segnet",
    "layer { type: 'BN' bn_param { frozen: true } }": "yjxiong",
    "layer { type: 'BN' bn_param { slope_filler { value: 1 } frozen: true } type: 'Interp' "
    "interp_param { zoom_factor: 8 } }": "pspnet",
    "layer { type: 'L1Loss' }": "nvidia015",
    "layer { type: 'Interp' interp_param { zoom_factor: 8 } }": "deeplab",
    "layer { type: 'Permute' permute_param { order: 0 } }": "ssd",
    "default_forward_type: FLOAT16": "nvidia",
    "layer { convolution_param { engine: MKLDNN } }": "intel",
    "item { name: 'cat' label: 1 display_name: 'cat' }": "ssd",
    "base_lr: 0.1 eval_type: 'detection'": "ssd",
    "net_param { layer { type: 'BN' } } base_lr: 0.1": "segnet",
    "base_lr: 0.1 device_id: [0, 1]": "yjxiong",
    # A slip is in no dialect, and so tells of none.
    "base_lr: 0.1 device_id: [0]": "bvlc",
    "base_lr: 0.1 device_id: 0 device_id: 1": "bvlc",
    "base_lr: [0.1, 0.2]": "bvlc",
    # A fork in which `kernel_size` takes one value, and one in which it takes two.
    "layer { type: 'ROIPooling' } layer { convolution_param { kernel_size: 3 } }": "fasterrcnn",
    "layer { type: 'ROIPooling' } layer { convolution_param { kernel_size: [3, 1] } }": "rfcn",
    "layer { convolution_param { kernal_size: 3 } }": "bvlc",
    "layer { nmae: 'a' type: 'BN' }": "segnet",
    "layer { type: 'BN' } layer { type: 'Permute' } layer { type: 'Normalize' }": "yjxiong",
    "layer { type: 'Permute' } layer { type: 'Normalize' } layer { type: 'BN' }": "yjxiong",
}


@pytest.mark.parametrize("text", USES)
def test_dialect_is_found_from_what_a_file_uses(text: str) -> None:
    assert fit_of(text).dialect.name == USES[text]


def test_the_dialect_with_the_fewest_unknown_names_is_found() -> None:
    text = (
        "layer { type: 'MultiBoxLoss' multibox_loss_param { num_classes: 21 share_location: true"
        " overlap_threshold: 0.5 } nmae: 'a' other: 1 }"
    )
    fitted = fit_of(text)
    assert fitted.dialect.name == "ssd"
    assert fitted.unknown == ("nmae", "other")


# Texts in which something stays unknown in every dialect.
TIES = {
    # One name in Caffe 1.0, one in each fork that knows the message: the plainest.
    "layer { bn_param { frozn: true wibble: 1 } }": "bvlc",
    "layer { bn_param { wibble: 1 } type: 'BN' }": "segnet",
    # Each of two forks knows one of two: the plainer fork, however much text is in the message.
    "layer { type: 'MultiStageMeanfield' } "
    "layer { multibox_loss_param { num_classes: 2 neg_pos_ratio: 3 } }": "crfrnn",
    # One has the message, but not that field of it.
    "layer { type: 'ROIPooling' roi_pooling_param { pad_ratio: 0.5 } }": "fasterrcnn",
    # Another fork has a field of that name for values of another type.
    "layer { type: 'Convolution' engine: CUDNN }": "bvlc",
    "layer { type: 'Convolution' engine: 'CUDNN' }": "intel",
    "layer { type: 'BN' bn_param { frozen: 'x' } }": "yjxiong",
}


@pytest.mark.parametrize("text", TIES)
def test_the_plainest_dialect_is_found(text: str) -> None:
    assert fit_of(text).dialect.name == TIES[text]


def test_no_fork_is_looked_at_for_a_file_of_caffe_s(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def watched(name: str) -> Dialect:
        looked_at.append(name)
        return known_dialect(name)

    monkeypatch.setattr(dialects, "known_dialect", watched)
    fit_of("layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'x' }")
    assert looked_at == ["bvlc"]
    fit_of("layer { name: 'a' kernal: 3 type: 'Relu' }")
    assert looked_at == ["bvlc"] * 2
    fit_of("layer { type: 'BN' }")
    assert looked_at == ["bvlc"] * 3 + ["segnet"]


def test_a_dialect_that_is_set_is_kept() -> None:
    fitted = fit_of("layer { bn_param { } }", "ssd")
    assert (fitted.dialect.name, fitted.unknown) == ("ssd", ("bn_param",))
    fitted = fit_of("layer { name: 'a' }", "segnet")
    assert (fitted.dialect.name, fitted.unknown) == ("segnet", ())


# What each kind of unknown thing says that the dialect lacks: (name, owner).
LACKS = {
    "layer { bn_param { } }": [("bn_param", "LayerParameter")],
    "layer { include { phase: TRIAN } }": [("TRIAN", "Phase")],
    "layers { type: 0x63 }": [("99", "V1LayerParameter.LayerType")],
    "layer { type: 'PriorBox' }": [("PriorBox", "")],
    "layer { name: 'a' name: 'b' top: 1 }": [],  # misfits, but nothing unknown
    "layer { type: 'ReLU' layer { type: 'TanH' } }": [],  # a lost bracket
}


@pytest.mark.parametrize("text", LACKS)
def test_what_is_lacking_and_of_what(text: str) -> None:
    fitted = fit_of(text, "bvlc")
    assert [(lack.name, lack.owner) for lack in fitted.lacks] == LACKS[text]


def test_a_lacking_field_knows_where_it_stands() -> None:
    fitted = fit_of("layer { bn_param { bn_mode: INFERENCE } }\nfoo: 1", "bvlc")
    in_layer, at_top = fitted.lacks
    assert in_layer.node is not None and in_layer.node.name == "bn_param"
    assert in_layer.within is not None and in_layer.within.name == "layer"
    assert (at_top.name, at_top.within) == ("foo", None)


def test_a_dialect_that_is_none_is_told() -> None:
    with pytest.raises(SchemaError, match=r"^there is no dialect vgg; there are bvlc, "):
        protofix.check("name: 'n'", dialect="vgg")


KINDS = {
    "name: 'n'": "NetParameter",
    "# nothing but a comment\n": "NetParameter",
    "": "NetParameter",
    "}": None,
    "layer { nmae: 'a' }": "NetParameter",
    "layer { name: 'a' type: 'ReLU' } one: 1 two: 2 three: 3": "NetParameter",
    "layer { name: 'a' } type: 'ReLU' bottom: 'x' top: 'x' }": "NetParameter",
    "layer }": "NetParameter",
    "layer: 5": "NetParameter",
    "input_dim: 08": "NetParameter",
    "debug_info: true": "NetParameter",
    "mem_param { }": "NetParameter",
    "base_lr: 0.1 stepearly: 1": "SolverParameter",
    "net: 'n' debug_info: true": "SolverParameter",
    "group_id: 1 richness: 100": "SolverParameter",
    "net_param { }": "SolverParameter",
    "item { name: 'cat' label: 1 }": "LabelMap",
    "item { name: 'cat' }": "LabelMap",
    "item { nmae: 'cat' label: 1 }": "LabelMap",
    # TensorFlow's labels, graphs and pipelines, and a server's models.
    "item { id: 1 name: 'cat' display_name: 'cat' }": None,
    "node { name: 'x' op: 'Placeholder' } versions { producer: 22 }": None,
    "model { ssd { num_classes: 3 } } train_config { batch_size: 3 }": None,
    "name: 'm' platform: 'onnx' max_batch_size: 8 input [ { name: 'x' } ]": None,
    '{\n  "name": "x",\n  "layers": [{"type": "Convolution"}]\n}\n': None,
    "name: net\nversion: 1\nlayers:\n  - type: conv\n": None,
    "<html><body>x</body></html>": None,
    "def f(x):\n  return 1\n": None,
    "[section]\nkey = value\n": None,
    "hello world": None,
    "hello: 1": None,
}


@pytest.mark.parametrize("text", KINDS)
def test_the_kind_of_a_file(text: str) -> None:
    assert fit_of(text).kind == KINDS[text]


CHAIN = """input: "x"
input: "label"
input: "H"
{strange}
layer {{ name: "prob" type: "Softmax" bottom: "x" top: "prob" }}
layer {{ name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H" top: "loss" }}
"""
STRANGERS = [text for text in USES if text.startswith("layer {")]


@pytest.mark.parametrize("text", STRANGERS)
def test_what_is_unknown_stops_no_rewrite_and_stays(text: str) -> None:
    before = CHAIN.format(strange=f"  {text}   # theirs")
    migration = protofix.migrate(before, upgrade=False)
    assert migration.changed and migration.proof.holds
    assert f"  {text}   # theirs\n" in migration.after.text


def test_every_dialect_reads_what_caffe_s_own_nets_use_most() -> None:
    text = (
        "name: 'n' layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' "
        "convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: 'xavier' } } }"
    )
    for name in DIALECTS:
        assert fit_of(text, name).misfits == ()
