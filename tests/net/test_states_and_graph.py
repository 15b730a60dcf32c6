"""Which states a net has, which layers each keeps, and who makes and reads its blobs."""

from __future__ import annotations

import pytest

import protofix
from protofix.net.build import build
from protofix.net.graph import Use, build_graph
from protofix.net.layers import bind
from protofix.net.states import NetState, keeps, states_of
from protofix.net.view import view_of
from protofix.net.which_caffe import CAFFE_1_0


def layer(name: str, rest: str = "", kind: str = "ReLU") -> str:
    return f'layer {{ name: "{name}" type: "{kind}" {rest} }}\n'


def states(text: str) -> list[str]:
    return [str(state) for state in states_of(bind(protofix.parse(text)))]


def meant(text: str, path: str = "net.prototxt") -> list[str]:
    return [str(graph.state) for graph in view_of(protofix.parse(text, path)).graphs]


KEPT = [
    ("", "TRAIN", 0, set(), True),
    ("include { phase: TRAIN }", "TRAIN", 0, set(), True),
    ("include { phase: TRAIN }", "TEST", 0, set(), False),
    ("include { phase: 1 }", "TRAIN", 0, set(), False),
    ("include { phase: TRAIN } include { stage: 'a' }", "TEST", 0, {"a"}, True),
    ("include { phase: TEST stage: 'a' stage: 'b' }", "TEST", 0, {"a"}, False),
    ("include { phase: TEST stage: 'a' stage: 'b' }", "TEST", 0, {"a", "b", "c"}, True),
    ("include { not_stage: 'a' }", "TEST", 0, {"a"}, False),
    ("include { min_level: 1 max_level: 2 }", "TRAIN", 0, set(), False),
    ("include { min_level: 1 max_level: 2 }", "TRAIN", 2, set(), True),
    ("include { min_level: 1 max_level: 2 }", "TRAIN", 3, set(), False),
    ("include { max_level: -1 }", "TRAIN", -1, set(), True),
    ("include { max_level: -1 }", "TRAIN", 0, set(), False),
    ("exclude { stage: 'deploy' }", "TEST", 0, {"deploy"}, False),
    ("exclude { stage: 'deploy' }", "TEST", 0, set(), True),
    ("exclude { phase: TRAIN } exclude { stage: 'x' }", "TEST", 0, {"x"}, False),
]


@pytest.mark.parametrize(("rules", "phase", "level", "stages", "kept"), KEPT)
def test_rules(rules: str, phase: str, level: int, stages: set[str], kept: bool) -> None:
    [one] = bind(protofix.parse(layer("x", rules))).layers
    assert keeps(NetState(phase, level, frozenset(stages)), one) == kept


def test_states_that_keep_the_same_layers_are_one() -> None:
    assert states(layer("x")) == ["TRAIN", "TEST"]
    assert states(layer("x", "exclude { stage: 'deploy' }")) == [
        "TRAIN",
        "TEST",
        "TRAIN, stage deploy",
        "TEST, stage deploy",
    ]
    assert "TRAIN, level 2" in states(layer("x", "include { min_level: 2 }"))


def test_the_nets_own_state_is_in_all_of_them() -> None:
    net = "state { stage: 'val' level: 3 }\n" + layer("x", "include { stage: 'val' }")
    assert states(net) == ["TRAIN, level 3, stage val", "TEST, level 3, stage val"]


DATA = 'layer { name: "d" type: "Data" top: "data" top: "label" '


def test_a_state_without_data_is_nobodys() -> None:
    assert meant(DATA + "include { phase: TRAIN } }" + layer("r", 'bottom: "data" top: "r"')) == [
        "TRAIN"
    ]
    net = (
        DATA
        + "include { phase: TRAIN } }\n"
        + 'layer { name: "H" type: "HDF5Data" top: "H" }\n'
        + layer("l", 'bottom: "data" bottom: "label" bottom: "H" top: "l"', "InfogainLoss")
    )
    assert meant(net) == ["TRAIN"]


FED = "input: 'data' input_shape { dim: 1 dim: 3 }\n"
OF_TEST = 'include { phase: TEST } bottom: "data" top: "shaped"'
LEFT_OVER = {
    "a layer of TRAIN": 'include { phase: TRAIN } bottom: "rois" top: "loss"',
    "what only TEST makes is read": 'bottom: "shaped" top: "out"',
}


@pytest.mark.parametrize("case", LEFT_OVER)
@pytest.mark.parametrize("name", ["deploy.prototxt", "lstm_deploy.prototxt", "test.prototxt"])
def test_a_net_to_be_used_is_not_meant_for_train_if_it_lacks_something_there(
    case: str, name: str
) -> None:
    layers = layer("s", OF_TEST, "Flatten") + layer("x", LEFT_OVER[case], "Python")
    assert meant(FED + layers, name) == ["TEST"]
    for other in ("net.prototxt", "train_deploy.prototxt", "train_test.prototxt"):
        assert meant(FED + layers, other) == ["TRAIN", "TEST"]
    # One that reads data by itself is trained, whatever it is called.
    data = 'layer { name: "d" type: "Data" top: "data" }\n'
    assert meant(data + layers, name) == ["TRAIN", "TEST"]


def test_a_net_to_be_used_that_lacks_nothing_is_meant_for_both_phases() -> None:
    layers = layer("s", OF_TEST, "Flatten") + layer("x", 'bottom: "data" top: "out"')
    assert meant(FED + layers, "deploy.prototxt") == ["TRAIN", "TEST"]
    lacking = layers.replace('bottom: "data" top: "out"', 'bottom: "dta" top: "out"')
    assert meant(FED + lacking, "deploy.prototxt") == ["TRAIN", "TEST"]


def test_stages_that_bring_two_data_layers_are_not_meant_at_once() -> None:
    net = (
        DATA + "include { stage: 'train' } }\n" + DATA + "include { stage: 'val' } }\n"
        'layer { name: "i" type: "Input" top: "data" include { stage: "deploy" } }\n'
    )
    assert {state.split(", ", 1)[1] for state in meant(net)} == {
        "stage train",
        "stage val",
        "stage deploy",
    }


def test_in_place_layers_make_new_versions() -> None:
    net = bind(
        protofix.parse(
            "input: 'x'\n"
            + layer("a", 'bottom: "x" top: "y"')
            + layer("b", 'bottom: "y" top: "y"')
            + layer("c", 'bottom: "y" top: "z"')
        )
    )
    graph = build_graph(net, NetState("TEST"))
    assert [(v.blob, v.maker, v.readers) for v in graph.versions] == [
        ("x", None, (Use(0, 0),)),
        ("y", Use(0, 0), (Use(1, 0),)),
        ("y", Use(1, 0), (Use(2, 0),)),
        ("z", Use(2, 0), ()),
    ]
    assert [version.blob for version in graph.outputs()] == ["z"]


def test_blobs_nobody_makes_or_two_do() -> None:
    net = bind(
        protofix.parse(
            layer("early", 'bottom: "late" top: "a"')
            + layer("maker", 'top: "late"', "Input")
            + layer("again", 'bottom: "late" top: "a"')
        )
    )
    graph = build_graph(net, NetState("TEST"))
    assert [(one.layer.name, one.bottom.name) for one in graph.unmade] == [("early", "late")]
    assert [(two.layer.name, two.top.name) for two in graph.remade] == [("again", "a")]


SHAPES = {
    "InnerProduct": ("inner_product_param { num_output: 5 }", (2, 5)),
    "Convolution": ("convolution_param { num_output: 5 kernel_size: 3 stride: 2 }", (2, 5, 3, 4)),
    "Deconvolution": ("convolution_param { num_output: 5 kernel_size: 4 }", (2, 5, 10, 12)),
    "Pooling": ("pooling_param { kernel_size: 2 stride: 2 pad: 1 }", (2, 3, 4, 5)),
    "Flatten": ("", (2, 189)),
    "Reshape": ("reshape_param { shape { dim: 0 dim: -1 dim: 9 } }", (2, 21, 9)),
    "ArgMax": ("argmax_param { axis: 1 }", (2, 1, 7, 9)),
    "Tile": ("tile_param { axis: 1 tiles: 4 }", (2, 12, 7, 9)),
    "Reduction": ("reduction_param { axis: 2 }", (2, 3)),
    "Softmax": ("", (2, 3, 7, 9)),
    "Mystery": ("", None),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes(kind: str) -> None:
    param, expected = SHAPES[kind]
    net = bind(
        protofix.parse(
            'layer { name: "x" type: "Input" top: "x" '
            "input_param { shape { dim: 2 dim: 3 dim: 7 dim: 9 } } }\n"
            + layer("y", f'bottom: "x" top: "y" {param}', kind)
        )
    )
    graph = build_graph(net, NetState("TEST"))
    assert build(graph, CAFFE_1_0).shapes[1] == expected


def test_what_a_file_does_not_tell_flows_through_as_unknown() -> None:
    net = bind(
        protofix.parse(
            'layer { name: "d" type: "Data" top: "d" data_param { batch_size: 4 } }\n'
            + layer("c", 'bottom: "d" top: "c" convolution_param { num_output: 8 kernel_size: 3 }',
                    "Convolution")
            + layer("p", 'bottom: "c" top: "p" pooling_param { global_pooling: true }', "Pooling")
        )
    )  # fmt: skip
    graph = build_graph(net, NetState("TEST"))
    assert list(build(graph, CAFFE_1_0).shapes.values()) == [
        (4, None, None, None),
        (4, 8, None, None),
        (4, 8, 1, 1),
    ]
