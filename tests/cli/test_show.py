"""`protofix show` as its user runs it."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from shared_data import SHARED, golden_lines, needs_shared

from protofix.cli import main
from protofix.net.states import NetState

SMALL = """name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  data_param { source: "train_lmdb" batch_size: 8 } transform_param { crop_size: 12 } }
layer { name: "data" type: "Input" top: "data" include { phase: TEST }
  input_param { shape { dim: 2 dim: 3 dim: 12 dim: 12 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  param { lr_mult: 1 } param { lr_mult: 2 } convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" param { name: "w" }
  param { lr_mult: 0 } inner_product_param { num_output: 5 } }
layer { name: "again" type: "InnerProduct" bottom: "conv" top: "again" param { name: "w" }
  inner_product_param { num_output: 5 bias_term: false } }
layer { name: "sum" type: "Eltwise" bottom: "fc" bottom: "again" top: "sum" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "sum" bottom: "label" top: "loss"
  loss_weight: 0.5 include { phase: TRAIN } }
layer { name: "prob" type: "Softmax" bottom: "sum" top: "prob" include { phase: TEST } }
"""

WIDE_TRAIN = """\
net.prototxt: small, TRAIN

  layer  type             reads → makes                           shape       params    memory  mult-adds  lr
  data   Data             → data, label (8)                       8×3×12×12           13.5 KiB
← conv   Convolution      data → conv                             8×4×10×10      112  12.5 KiB     86.4 k  1, 2
← bn     BatchNorm        conv (in place)                         8×4×10×10        9  12.5 KiB     9.60 k  frozen
← relu   ReLU             conv (in place)                         8×4×10×10           12.5 KiB
← fc     InnerProduct     conv → fc                               8×5          2,005     160 B     16.0 k  1, 0
← again  InnerProduct     conv → again with the parameters of fc  8×5        (2,000)     160 B     16.0 k  1
← sum    Eltwise          fc, again → sum                         8×5                    160 B         80
← loss   SoftmaxWithLoss  sum, label → loss (loss weight 0.5)     scalar                   4 B         80

parameters    2,112 learnable, 14 frozen, (2,000) shared, counted once
memory        76.5 KiB for data (78,340 bytes, as Caffe's log counts them)
multiply-adds 128 k in a forward pass, 16.0 k for each of the 8 in data
losses        loss × 0.5
outputs       loss
backward      7 of 8 layers, marked ←
"""  # noqa: E501

NARROW_TEST = """\
net.prototxt: small, TEST

layer           shape       params    memory  mult-adds  lr
data            2×3×12×12           3.38 KiB
    Input: → data
conv            2×4×10×10      112  3.12 KiB     21.6 k  1, 2
    Convolution: data → conv
bn              2×4×10×10        9  3.12 KiB        800  frozen
    BatchNorm: conv (in place)
relu            2×4×10×10           3.12 KiB
    ReLU: conv (in place)
fc              2×5          2,005      40 B     4.00 k  1, 0
    InnerProduct: conv → fc
again           2×5        (2,000)      40 B     4.00 k  1
    InnerProduct: conv → again with the parameters of fc
sum             2×5                     40 B         20
    Eltwise: fc, again → sum
prob            2×5                     40 B         20
    Softmax: sum → prob

parameters    2,112 learnable, 14 frozen, (2,000) shared,
              counted once
memory        19.2 KiB for data (19,616 bytes, as Caffe's
              log counts them)
multiply-adds 30.4 k in a forward pass, 15.2 k for each of
              the 2 in data
losses        none
outputs       prob
backward      needed by no layer
"""


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    path = tmp_path / "net.prototxt"
    path.write_text(SMALL)
    return path


def test_a_row_a_layer_where_there_is_room(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "net.prototxt", "--phase", "TRAIN", "--given", "data=8,3,12,12",
                 "--given", "label=8"]) == 0  # fmt: skip
    out, err = capsys.readouterr()
    assert out == WIDE_TRAIN
    assert err == ""


def test_two_lines_a_layer_where_there_is_none(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["show", "net.prototxt", "--phase", "TEST"]) == 0
    assert capsys.readouterr().out == NARROW_TEST


def test_every_state_is_shown_and_what_is_not_known_can_be_given(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "net.prototxt"]) == 0
    out, err = capsys.readouterr()
    titles = [line for line in out.splitlines() if line.startswith("net.prototxt: ")]
    assert titles == ["net.prototxt: small, TRAIN", "net.prototxt: small, TEST"]
    assert "8×?×12×12" in out
    assert "parameters    at least 2,004 learnable (1 parameter not known), 14 frozen" in out
    assert out.endswith(
        "\nunknown       ? stands for what the file does not tell; say it: --given data=8,C,12,12\n"
    )
    assert err == "not read: train_lmdb: not found\n"


def test_as_built_shows_the_layers_that_caffe_adds(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "net.prototxt", "--phase", "TEST", "--as-built"]) == 0
    rows = [line.split()[:4] for line in capsys.readouterr().out.splitlines()[3:]]
    assert ["conv_relu_0_split", "Split", "conv", "→"] in rows
    assert ["fc", "InnerProduct", "conv_relu_0_split_0", "→"] in rows


def test_a_net_that_caffe_would_refuse_is_shown_all_the_same(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(SMALL.replace('bottom: "again" top: "sum"', 'bottom: "agian" top: "sum"'))
    assert main(["show", "net.prototxt", "--phase", "TEST"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("net.prototxt: small, TEST\nCaffe would refuse it: see line 14\n")
    assert "fc, agian → sum" in out
    main(["check", "net.prototxt", "--phase", "TEST"])
    errors = [it for it in capsys.readouterr().out.splitlines() if "unmade-blob" in it]
    assert err.splitlines() == errors
    assert errors[0].startswith("net.prototxt:14:58: PF301 [**] unmade-blob: `sum` reads `agian`")


def test_a_state_that_caffe_builds_is_not_held_for_one_that_it_refuses(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(SMALL.replace('bottom: "label" top: "loss"', 'bottom: "lable" top: "loss"'))
    assert main(["show", "net.prototxt", "--phase", "TEST"]) == 0
    assert main(["show", "net.prototxt", "--phase", "TRAIN"]) == 1
    capsys.readouterr()
    assert main(["show", "net.prototxt", "--format", "json"]) == 1
    records = json.loads(capsys.readouterr().out)
    refused = "net.prototxt:15:68: `loss` reads `lable`, which no layer makes"
    assert [record["phase"] for record in records] == ["TRAIN", "TEST"]
    assert records[0]["refused"].startswith(refused)
    assert records[1]["refused"] is None


def test_json_tells_all_that_the_table_tells(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "net.prototxt", "--phase", "TEST", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    layers = record.pop("layers")
    assert record == {
        "file": "net.prototxt",
        "name": "small",
        "phase": "TEST",
        "level": 0,
        "stages": [],
        "refused": None,
        "parameters": {
            "learnable": {"known": 2112, "unknown": 0},
            "frozen": {"known": 14, "unknown": 0},
            "shared": {"known": 2000, "unknown": 0},
        },
        "memory": {"known": 19616, "unknown": 0},
        "multiply_adds": {"known": 30440, "unknown": 0},
        "losses": [],
        "outputs": ["prob"],
        "wanted": [],
    }
    names = ["data", "conv", "bn", "relu", "fc", "again", "sum", "prob"]
    assert [layer["name"] for layer in layers] == names
    assert layers[5] == {
        "name": "again",
        "type": "InnerProduct",
        "line": 12,
        "bottoms": ["conv"],
        "tops": [{"name": "again", "shape": [2, 5], "in_place": False, "loss_weight": 0.0}],
        "params": [
            {"name": "w", "shape": [5, 400], "lr_mult": 1.0, "decay_mult": 1.0, "shared_with": "fc"}
        ],
        "memory": 40,
        "multiply_adds": 4000,
        "backward": False,
        "under_loss": False,
    }


def test_json_has_null_for_what_is_not_known(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["show", "net.prototxt", "--phase", "TRAIN", "--format", "json"])
    record = json.loads(capsys.readouterr().out)
    assert record["wanted"] == [{"blob": "data", "shape": [8, None, 12, 12]}]
    assert record["losses"] == [{"blob": "loss", "layer": "loss", "weight": 0.5}]
    conv = record["layers"][1]
    assert conv["params"][0]["shape"] == [4, None, 3, 3]
    assert conv["multiply_adds"] is None


def test_a_solver_shows_its_nets_in_its_states(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("solver.prototxt").write_text(
        'net: "net.prototxt"\ntest_iter: 1\ntest_iter: 1\ntest_interval: 1\n'
        'test_state { stage: "deploy" }\ntest_state { level: 1 }\n'
    )
    assert main(["show", "solver.prototxt"]) == 0
    titles = [it for it in capsys.readouterr().out.splitlines() if it.startswith("net.prototxt:")]
    assert titles == [
        "net.prototxt: small, TRAIN",
        # What is the same is shown once.
        "net.prototxt: small, TEST, stage deploy; TEST, level 1",
    ]


def test_a_net_within_a_solver_is_shown_and_its_errors_have_their_places(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("solver.prototxt").write_text(
        'net_param {\n  input: "x" input_shape { dim: 2 dim: 3 }\n'
        '  layer { name: "r" type: "ReLU" bottom: "y" top: "z" }\n}\n'
    )
    assert main(["show", "solver.prototxt"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("solver.prototxt: TRAIN\nCaffe would refuse it: see line 3\n")
    assert err.startswith("solver.prototxt:3:42: PF301 unmade-blob: `r` reads `y`")


def test_a_file_that_a_solver_names_twice_is_shown_once(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("solver.prototxt").write_text(
        'net: "net.prototxt"\ntest_net: "./net.prototxt"\ntest_iter: 1\ntest_interval: 1\n'
    )
    assert main(["show", "solver.prototxt", "--format", "json"]) == 0
    records = json.loads(capsys.readouterr().out)
    told = [(record["file"], record["phase"]) for record in records]
    assert told == [("net.prototxt", "TRAIN"), ("net.prototxt", "TEST")]


def test_each_state_is_refused_in_its_own_words(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 dim: 6 } }\n'
        "  include { phase: TRAIN } }\n"
        'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 4 dim: 5 } }\n'
        "  include { phase: TEST } }\n"
        'layer { name: "c" type: "Reshape" bottom: "d" top: "c"\n'
        "  reshape_param { shape { dim: 7 } } }\n"
    )
    solver = f"net_param {{\n{text}}}\ntest_iter: 1\ntest_interval: 1\n"
    for name, written, shift in (("net.prototxt", text, 0), ("solver.prototxt", solver, 1)):
        Path(name).write_text(written)
        assert main(["show", name, "--format", "json"]) == 1
        train, test = (it["refused"] for it in json.loads(capsys.readouterr().out))
        place = f"{name}:{6 + shift}:19: `c` makes 7 of `d`, which is"
        assert train.startswith(f"{place} 2 × 6:")
        assert test.startswith(f"{place} 4 × 5:")


def test_stages_and_levels_name_a_state(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "net.prototxt", "--stage", "b", "--stage", "a", "--level", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("net.prototxt: small, TEST, level 2, stage a, stage b\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--given", "dta=2,3"], "no layer makes a blob of that name; did you mean `data`?"),
        (["--given", "data=2", "--given", "data=3"], "--given says two shapes of `data`"),
        (["--format", "svg", "--as-built"], "--as-built is for tables and JSON"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    net: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["show", "net.prototxt", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert said in err


@pytest.mark.parametrize(
    "dims", ["data", "data=x", "=2,3", "data=-1", "data=2,,3", "data=9999999999"]
)
def test_shapes_that_are_none_are_refused(
    net: Path, capsys: pytest.CaptureFixture[str], dims: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["show", "net.prototxt", "--given", dims])
    assert stopped.value.code == 2
    assert f"argument --given: `{dims}` is" in capsys.readouterr().err


FILES = [
    ("layer { name: 3", "net.prototxt:1:"),
    (
        "item { name: 'a' label: 1 display_name: 'b' }",
        "net.prototxt: is a label map, and not a net or a solver",
    ),
    ("", "net.prototxt: is empty"),
    ('net: "gone.prototxt"\nbase_lr: 1', "net.prototxt:1:1: names the net `gone.prototxt`"),
    ("base_lr: 1\nmax_iter: 3", "net.prototxt: is a solver that has no net"),
]


@pytest.mark.parametrize(("text", "said"), FILES)
def test_files_that_hold_no_net_are_said_to(
    net: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    net.write_text(text)
    assert main(["show", "net.prototxt"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"protofix: {said}")


def test_output_goes_to_a_file(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "net.prototxt", "--format", "svg", "-o", "net.svg"]) == 0
    assert capsys.readouterr().out == "wrote net.svg\n"
    root = ElementTree.fromstring(Path("net.svg").read_text())
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "net.prototxt: small"


def test_dot_needs_no_library(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "net.prototxt", "--format", "dot", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("digraph net {\n")


def test_without_igraph_a_line_says_how_to_get_it(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_igraph(name: str, *rest: Any, **more: Any) -> Any:
        if name == "igraph":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_igraph)
    assert main(["show", "net.prototxt", "--format", "svg"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "protofix: --format svg needs igraph: pip install 'protofix[draw]'\n"


def state_options(record: dict[str, Any]) -> list[str]:
    options = ["--phase", record["phase"], "--level", str(record["level"])]
    for stage in record["stages"]:
        options += ["--stage", stage]
    for blob, shape in record["given"].items():
        options += ["--given", f"{blob}={','.join(map(str, shape))}"]
    return options


def record_id(record: dict[str, Any]) -> str:
    return f"{record['file']}:{NetState(record['phase'], 0, frozenset(record['stages']))}"


@needs_shared
@pytest.mark.parametrize("record", golden_lines("nets/built.jsonl"), ids=record_id)
def test_as_built_is_as_caffe_built_it(
    record: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SHARED / "corpus")
    options = ["--format", "json", "--as-built", *state_options(record)]
    code = main(["show", record["file"], *options])
    found = json.loads(capsys.readouterr().out)
    if "refused" not in record:
        assert code == 0
        assert found == record
        return
    assert code == 1
    words = found.pop("refused")
    assert found == {name: value for name, value in record.items() if name != "refused"}
    assert layer_at_fault(record["refused"]) in words


def layer_at_fault(refused: str) -> str:
    """The layer that Caffe's words are about, as ours name it."""
    quoted = refused.split("'")
    if "Cannot share param" in refused:
        return f"`{quoted[5]}`"
    if "Unknown bottom blob" in refused:
        return f"`{quoted[3]}`"
    assert "_loss_layer.cpp" in refused
    return "`loss`"


@pytest.mark.parametrize("output", ["net.prototxt", "link.prototxt"])
def test_the_net_that_is_shown_is_not_overwritten(
    output: str, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = net.read_bytes()
    (net.parent / "link.prototxt").symlink_to(net)
    (net.parent / "solver.prototxt").write_text('net: "net.prototxt"')
    for shown in ("net.prototxt", "solver.prototxt"):
        assert main(["show", shown, "-o", output]) == 2
        assert capsys.readouterr().err == (
            f"protofix: -o {output}: that is the net to be shown; name another file\n"
        )
    assert net.read_bytes() == before


def test_json_has_no_numbers_that_are_none(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text(
        'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }\n'
        'layer { name: "fc" type: "InnerProduct" bottom: "a" top: "fc" param { lr_mult: inf }\n'
        "  inner_product_param { num_output: 2 } }\n"
    )
    assert main(["show", "net.prototxt", "--phase", "TEST", "--format", "json"]) == 0

    def refuse(name: str) -> None:
        raise AssertionError(name)

    record = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert record["layers"][1]["params"][0]["lr_mult"] == "inf"


def test_a_phase_that_is_named_means_a_solver_s_states_of_it(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (net.parent / "solver.prototxt").write_text(
        'net: "net.prototxt" train_state { stage: "tr" }\n'
        'test_iter: 1 test_interval: 1 test_state { stage: "deploy" }\n'
    )

    def titles(*arguments: str) -> list[str]:
        assert main(["show", "solver.prototxt", *arguments]) == 0
        lines = capsys.readouterr().out.splitlines()
        return [line.split(", ", 1)[1] for line in lines if line.startswith("net.prototxt")]

    assert titles("--phase", "TRAIN") == ["TRAIN, stage tr"]
    assert titles("--phase", "TEST") == ["TEST, stage deploy"]
    assert titles("--phase", "TEST", "--stage", "x") == ["TEST, stage x"]


def test_a_net_without_layers_is_said_to_have_none(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text('name: "empty"')
    assert main(["show", "net.prototxt"]) == 0
    assert capsys.readouterr().out == "net.prototxt: empty, TRAIN; TEST\n\nno layer is kept\n"


def test_a_text_is_read_as_check_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its brackets pair up, but what is meant stands in the indentation."""
    path = tmp_path / "net.prototxt"
    path.write_text(
        "layer {\n  type: 'Input'\n  input_param { shape { dim: 1 }\n}\n"
        "layer {\n  type: 'ReLU'\n}\n}\n}\n"
    )
    assert main(["show", str(path)]) == 2
    assert "(and 2 more, which `protofix check` lists)" in capsys.readouterr().err


STEPPED = """\
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
layer { name: "pool" type: "Pooling" bottom: "x" top: "pool"
  pooling_param { kernel_size: 1 stride: 2 } }
"""


@pytest.mark.parametrize(
    ("options", "side"), [([], 5), (["--dialect", "Intel"], 4), (["--dialect", "bvlc"], 5)]
)
def test_a_fork_s_net_is_built_as_that_fork_builds_it(
    options: list[str], side: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(STEPPED)
    assert main(["show", str(net), "--phase", "TEST", *options]) == 0
    assert f" 2×3×{side}×{side} " in capsys.readouterr().out


def test_a_fork_on_the_command_line_goes_before_the_configured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "protofix.toml").write_text('dialect = "intel"\n')
    net = tmp_path / "net.prototxt"
    net.write_text(STEPPED)
    for options, side in (([], 4), (["--dialect", "bvlc"], 5)):
        assert main(["show", str(net), "--phase", "TEST", *options]) == 0
        assert f" 2×3×{side}×{side} " in capsys.readouterr().out
