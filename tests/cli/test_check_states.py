"""`protofix check` in states that are named, in those of a solver, and with shapes given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import protofix
from protofix.cli import main

# In TEST the labels come with a stage alone; the second layer fits 8 × 8 images and no smaller.
NET = """name: "net"
layer { name: "data" type: "Python" top: "data" top: "label" include { phase: TRAIN } }
layer { name: "data" type: "Python" top: "data" include { phase: TEST } }
layer { name: "label" type: "Python" top: "label" include { phase: TEST stage: "val" } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 2 kernel_size: 9 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc"
  inner_product_param { num_output: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
""".replace('"Python"', '"Python" python_param { module: "m" layer: "L" }')
MISSING = (
    "net.prototxt:9:67: PF301 [**] unmade-blob: `loss` reads `label`, which nothing makes in TEST"
    "{}: `data` of line 2 is not kept there, so that `loss` needs `include {{ phase: TRAIN }}` and "
    '`include {{ phase: TEST stage: "val" }}` too'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_text(NET)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    main(["check", "--format", "concise", *arguments])
    return capsys.readouterr().out.splitlines()


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    main(["check", "--format", "json", *arguments])
    records: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return records


def test_a_net_is_checked_in_the_state_that_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "net.prototxt") == [MISSING.format("")]
    assert said(capsys, "net.prototxt", "--phase", "TRAIN") == []
    assert said(capsys, "net.prototxt", "--phase", "TEST") == [MISSING.format("")]
    assert said(capsys, "net.prototxt", "--phase", "TEST", "--stage", "val") == []
    assert said(capsys, "net.prototxt", "--stage", "val") == []
    assert said(capsys, "net.prototxt", "--level", "1") == [MISSING.format(", level 1")]


@pytest.mark.parametrize(
    ("solver", "codes"),
    [
        ("net: 'net.prototxt'", []),
        ("net: 'net.prototxt' test_iter: 1 test_interval: 1", ["PF301"]),
        (
            "net: 'net.prototxt' test_iter: 1 test_interval: 1 test_state { stage: 'val' }",
            [],
        ),
        ("train_net: 'net.prototxt' train_state { phase: TEST }", ["PF301"]),
        (
            "train_net: 'net.prototxt' test_net: 'net.prototxt' test_iter: 1 test_interval: 1",
            ["PF301"],
        ),
        ("net: 'net.prototxt' train_net: 'net.prototxt'", ["PF702"]),
        ("train_net: 'net.prototxt' test_iter: 1 test_interval: 1", ["PF702"]),
        (
            "net: 'net.prototxt' test_iter: 1 test_interval: 1 "
            "test_state { stage: 'val' } test_state { }",
            ["PF702"],
        ),
        ("net: 'net.prototxt' test_iter: 1 test_state { stage: 'val' }", ["PF702"]),
        ("net: 'net.prototxt' train_state { phase: TEST stage: 'val' }", []),
        ("net: 'other.prototxt'", ["PF701"]),
    ],
)
def test_a_solver_is_checked_with_its_nets_in_its_states(
    solver: str, codes: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "solver.prototxt").write_text(solver)
    assert [record["code"] for record in found(capsys, "solver.prototxt")] == codes


def test_a_net_is_found_from_a_folder_above_its_solver(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = folder / "models" / "leaves"
    deep.mkdir(parents=True)
    (folder / "net.prototxt").rename(deep / "net.prototxt")
    (deep / "solver.prototxt").write_text(
        "net: 'models/leaves/net.prototxt'\ntest_iter: 1\ntest_interval: 1\n"
    )
    monkeypatch.chdir(deep)
    [record] = found(capsys, "solver.prototxt")
    assert Path(record["file"]).resolve() == deep / "net.prototxt"
    assert (record["line"], record["code"]) == (9, "PF301")


def test_what_a_net_and_its_solver_both_show_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "solver.prototxt").write_text("net: 'net.prototxt'\ntest_iter: 1\ntest_interval: 1\n")
    assert [record["code"] for record in found(capsys, ".")] == ["PF301"]
    main(["check", ".", "--format", "concise"])
    assert "in 1 of 2 files" in capsys.readouterr().err


def test_a_net_within_a_solver_is_checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solver = (
        f"base_lr: 1 lr_policy: 'fixed'\nnet_param {{\n{NET}}}\ntest_iter: 1\ntest_interval: 1\n"
    )
    (folder / "solver.prototxt").write_text(solver)
    [record] = found(capsys, "solver.prototxt")
    assert (record["line"], record["column"], record["code"]) == (11, 67, "PF301")


def test_a_state_that_is_named_goes_before_those_of_a_solver(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for solver in (f"net_param {{\n{NET}}}\n", "net: 'net.prototxt'\n"):
        (folder / "solver.prototxt").write_text(solver)
        assert found(capsys, "solver.prototxt") == []
        codes = [it["code"] for it in found(capsys, "solver.prototxt", "--phase", "TEST")]
        assert codes == ["PF301"]


def test_shapes_that_are_given_are_held_against_the_net(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ("net.prototxt", "--phase", "TRAIN")
    assert said(capsys, *train, "--given", "data=4,3,9,9", "--given", "label=4") == []
    assert said(capsys, *train, "--given", "data=4,3,8,8") == [
        "net.prototxt:6:37: PF306 shape-mismatch: `conv` has a kernel that covers 9, which is more "
        "than `data`, 4 × 3 × 8 × 8"
    ]
    assert said(capsys, *train, "--given", "data=4,3,9,9", "--given", "label=3")[0].startswith(
        "net.prototxt:9:67: PF306 shape-mismatch: `loss` reads"
    )


@pytest.mark.parametrize("written", ["data", "=1,2", "data=1,x", "data=1;2", "data=-1"])
def test_what_is_no_shape_is_refused(
    written: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check", "net.prototxt", "--given", written])
    assert stop.value.code == 2
    assert "data=2,3,227,227" in capsys.readouterr().err


def test_nothing_is_said_of_what_is_given_where_a_net_cannot_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text("layer { name: 'data")
    assert main(["check", "--given", "data=1,8", "--format", "concise"]) == 1
    assert "--given" not in capsys.readouterr().err


@pytest.mark.parametrize("broken", [None, "", "layer { name: 'data"])
@pytest.mark.parametrize("option", ["--verbose", "--fix", "--diff", "--write-baseline=base.json"])
def test_a_shape_given_is_held_against_nets_alone_that_could_be_read(
    broken: str | None, option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if broken is not None:
        (folder / "broken.prototxt").write_text(broken)
    main(["check", "net.prototxt", "broken.prototxt", "--given", "dota=1,3", option])
    assert "--given" not in capsys.readouterr().err


MENDABLE = NET + "# protofix: ignore-file[PF101]\n"


@pytest.mark.parametrize(
    "option", ["--verbose", "--fix", "--diff", "--write-baseline=base.json", "--output=report"]
)
def test_a_shape_given_of_a_blob_that_is_in_no_net_is_refused_before_anything_is_done(
    option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text(MENDABLE)
    assert main(["check", "net.prototxt", "--given", "dota=4,3,9,9", option]) == 2
    assert capsys.readouterr() == (
        "",
        "protofix: --given dota: no layer makes a blob of that name; did you mean `data`?\n",
    )
    assert [it.name for it in folder.iterdir()] == ["net.prototxt"]
    assert (folder / "net.prototxt").read_text() == MENDABLE


def test_a_shape_given_of_a_blob_of_a_net_that_a_solver_names(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "solver.prototxt").write_text("net: 'net.prototxt'\n")
    assert said(capsys, "solver.prototxt", "--given", "data=4,3,9,9") == []
    assert main(["check", "solver.prototxt", "--given", "dota=4,3,9,9"]) == 2
    assert "did you mean `data`?" in capsys.readouterr().err


def test_the_library_takes_a_state_and_shapes_too() -> None:
    assert [one.code for one in protofix.check(NET, phase="TEST")] == ["PF301"]
    assert protofix.check(NET, stages=["val"]) == []
    small = protofix.check(NET, phase="TRAIN", given={"data": (4, 3, 8, 8)})
    assert [one.code for one in small] == ["PF306"]


def test_a_test_run_without_a_net_is_said_at_the_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "solver.prototxt").write_text("train_net: 'net.prototxt'\ntest_iter: 1\n")
    assert said(capsys, "solver.prototxt") == [
        "solver.prototxt:2:12: PF702 solver-nets: the solver has a test_iter, but no net to test: "
        "write `net` or `test_net`"
    ]


# What is one mistake is said once.
ONCE = {
    "kernel_size: -1": (["PF103"], "num_output: 4 kernel_size: -1"),
    "stride: -2": (["PF103"], "num_output: 4 kernel_size: 1 stride: -2"),
    "num_output: -4": (["PF103"], "num_output: -4 kernel_size: 1"),
    "group: 21": (["PF306"], "num_output: 20 kernel_size: 1 group: 21"),
}


@pytest.mark.parametrize("mistake", ONCE)
def test_one_mistake_makes_no_others(mistake: str) -> None:
    codes, fields = ONCE[mistake]
    text = f"""
    layer {{ name: "d" type: "Input" top: "d"
      input_param {{ shape {{ dim: 2 dim: 21 dim: 8 dim: 8 }} }} }}
    layer {{ name: "c" type: "Deconvolution" bottom: "d" top: "c"
      convolution_param {{ {fields} }} }}
    layer {{ name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param {{ kernel_size: 2 }} }}
    """
    assert [one.code for one in protofix.check(text)] == codes


def test_parameters_of_two_layers_of_one_name_are_not_compared_over_the_phases() -> None:
    text = """
    layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "c" type: "InnerProduct" bottom: "d" top: "a"
      inner_product_param { num_output: 4 } }
    layer { name: "c" type: "InnerProduct" bottom: "a" top: "b"
      inner_product_param { num_output: 5 } }
    """
    assert [one.code for one in protofix.check(text)] == ["PF329"]


def test_a_net_goes_by_the_name_that_the_run_has_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The solver, which is checked first, names the net from the folder above.
    nets = tmp_path / "models" / "a"
    nets.mkdir(parents=True)
    (nets / "a_solver.prototxt").write_text('net: "models/a/net.prototxt"\nlr_policy: "fixed"\n')
    (nets / "net.prototxt").write_text("layer { type: 'Input' top: 'x' nmae: 'x' }\n")
    monkeypatch.chdir(nets)
    main(["check", ".", "--format", "concise", "--select", "PF1"])
    assert capsys.readouterr().out.startswith("./net.prototxt:1:32: PF101 ")
