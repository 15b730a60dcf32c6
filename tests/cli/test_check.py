"""`protofix check` as its user runs it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made_rules import made
from shared_data import SHARED, needs_shared

import protofix
from protofix.cli import main
from protofix.linting.walking import files_below
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.registry import RULES, Ran, run_rules

CHAIN = """layer { name: "data" type: "Python" top: "data" top: "label" }
layer { type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H" top: "loss" }
""".replace('"Python"', '"Python" python_param { module: "m" layer: "L" }')


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.prototxt"
    path.write_text(CHAIN)
    return path


def test_json_is_a_list_of_findings(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.prototxt", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert findings == [
        {
            "file": "net.prototxt",
            "line": 4,
            "column": 51,
            "end_line": 4,
            "end_column": 57,
            "code": "PF401",
            "rule": "softmax-before-infogain",
            "message": "`loss` applies softmax itself on today's Caffe, yet reads `prob`, the "
            "probabilities that Softmax `prob` makes of `fc`",
            "severity": "error",
            "fix": {
                "title": "let `loss` read the scores, as `protofix migrate` does",
                "safe": True,
                "edits": [
                    {
                        "line": 3,
                        "column": 16,
                        "end_line": 4,
                        "end_column": 56,
                        "text": 'loss" type: "InfogainLoss" bottom: "fc',
                    },
                ],
            },
            "dialect": "bvlc",
        },
        {
            "file": "net.prototxt",
            "line": 4,
            "column": 82,
            "end_line": 4,
            "end_column": 85,
            "code": "PF301",
            "rule": "unmade-blob",
            "message": "`loss` reads `H`, which no layer makes",
            "severity": "error",
            "fix": None,
            "dialect": "bvlc",
        },
    ]


def test_concise_has_a_line_a_finding(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "net.prototxt", "--format", "concise"]) == 1
    out, err = capsys.readouterr()
    first, second = out.splitlines()
    assert first.startswith("net.prototxt:4:51: PF401 [*] softmax-before-infogain: `loss` ")
    assert second == (
        "net.prototxt:4:82: PF301 unmade-blob: `loss` reads `H`, which no layer makes"
    )
    assert err == ("2 errors in 1 of 1 file; 1 marked [*] for --fix; dialect Caffe 1.0 (bvlc)\n")


def test_nothing_found(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text('layer { name: "data" type: "Input" top: "data" }')
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ("1 file checked, nothing found; dialect Caffe 1.0 (bvlc)\n")


def test_standard_input(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"layer { type: 'Input' top: 'x' nmae: 'x' }"))
    )
    assert main(["check", "-", "--format", "json"]) == 1
    [finding] = json.loads(capsys.readouterr().out)
    assert (finding["file"], finding["code"]) == ("<stdin>", "PF101")


def test_folders_are_walked_and_files_taken_once(net: Path) -> None:
    deep = net.parent / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "c.prototxt").write_text("")
    (deep / "notes.txt").write_text("")
    (net.parent / ".hidden").mkdir()
    (net.parent / ".hidden" / "d.prototxt").write_text("")
    (net.parent / "link.prototxt").symlink_to(net)
    found = list(files_below([".", "net.prototxt", str(deep / "c.prototxt")]))
    assert found == ["./link.prototxt", "./a/b/c.prototxt"]


# Scores and labels, and a loss of both.
FED = (
    "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 4 dim: 8 } } } "
    "layer { name: 'y' type: 'Input' top: 'y' input_param { shape { dim: 4 } } }"
)
LOSS = "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' top: 'loss' }"
SOFTMAX = "layer { name: 'p' type: 'Softmax' bottom: 'x' top: 'p' }"
PROB_LOSS = LOSS.replace("'x'", "'p'")
IN_TWO = ("SoftmaxWithLoss", "MultinomialLogisticLoss")

FINDINGS = {
    "layer { type: 'Input' top: 'a' nmae: 'b' }": ["PF101"],
    "layer { type: 'Input' top: 'a' name: a }": ["PF102"],
    "input_dim: 99999999999": ["PF103"],
    "layer { type: 'Input' top: 'a' phase: train }": ["PF104"],
    "name: 'a' name: 'b'": ["PF105"],
    "layer { name: 'c' type: 'Clip' bottom: 'x' top: 'y' clip_param { min: 0 } } "
    "input: 'x' input_shape { dim: 2 }": ["PF106", "PF204"],
    "input_dim [1, 2]": ["PF107"],
    "item { name: 'cat' }": [],
    "item { id: 1 }": ["PF108"],
    "layer { type: 'Convolutoin' }": ["PF109"],
    "input: 'x' layer { name: 'r' type: 'Silence' bottom: 'x' }": ["PF312"],
    "input: 'x' input: 'x' input_shape { dim: 2 } input_shape { dim: 2 } "
    "layer { name: 'r' type: 'Silence' bottom: 'x' }": ["PF204", "PF312"],
    "layer { name: 'x' type: '' top: 'x' }": ["PF305"],
    "layers { name: 'x' type: NONE top: 'x' }": ["PF203", "PF305"],
    "layers { layer { name: 'x' type: 'data' source: 'x' batchsize: 2 } top: 'x' }": ["PF202"],
    "layers { name: 'x' type: DATA top: 'x' data_param { source: 'x' batch_size: 2 } }": ["PF203"],
    "input: 'x' input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1": ["PF204"],
    "layers { name: 'x' type: DATA top: 'x' data_param { source: 'x' batch_size: 2 scale: 2 } }": [
        "PF203",
        "PF205",
    ],
    "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 4 dim: 8 } } } "
    "layer { name: 'b' type: 'BatchNorm' bottom: 'x' top: 'x' param { } param { } param { } }": [
        "PF206"
    ],
    "layer { name: 'x' type: 'DummyData' top: 'x' "
    "dummy_data_param { num: 1 channels: 1 height: 1 width: 1 } }": ["PF207"],
    "layer { name: 'x' type: 'Data' top: 'x' data_param { source: 'x' batch_size: 1 scale: 2 } }": [
        "PF208"
    ],
    "layer { name: 'a' top: 'a' }": ["PF305"],
    "layer { name: 'x' type: 'Parameter' top: 'x' parameter_param { shape { dim: 0 } } }": [
        "PF313"
    ],
    "input: 'x' input_shape { dim: 2 } layers { type: RELU bottom: 'x' top: 'x' } "
    "layer { type: 'ReLU' bottom: 'x' top: 'x' }": ["PF201"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'L' } top: 'x' } "
    "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' }": ["PF301"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'L' } top: 'x' } "
    "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' } "
    "layer { name: 's' type: 'ReLU' bottom: 'x' top: 'y' }": ["PF302"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'L' } top: 'x' top: 'y' } "
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' top: 'l' }": ["PF403"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'L' } top: 'x' top: 'y' top: 'H' } "
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'H' "
    "top: 'l' loss_param { normalize: true } }": ["PF404"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'L' } top: 'x' top: 'y' top: 'H' } "
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'H' "
    "top: 'l' top: 'p' }": ["PF405"],
    "layer { type: 'Python' top: 'x' python_param { module: 'm' layer: 'L' "
    "param_str: 'dict(a=1)' } }": ["PF601"],
    "layer { type: 'Python' top: 'x' python_param { module: 'm' } }": ["PF602"],
    "layer { type: 'Python' top: 'x' python_param { module: 'm.py' layer: 'L' } }": ["PF603"],
    "layer { type: 'Python' top: 'x' python_param { module: 'm' layer: 'L' "
    "share_in_parallel: true } }": ["PF608"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'ComputeH' "
    """param_str: '{"classes": 3}' } top: 'x' top: 'y' top: 'H' } """
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'H' "
    "top: 'l' loss_param { ignore_label: 9 } }": ["PF505"],
    f"{FED} {SOFTMAX} {PROB_LOSS}": ["PF407"],
    f"{FED} {SOFTMAX} {PROB_LOSS.replace(*IN_TWO)}": ["PF408"],
    f"{FED} {SOFTMAX.replace('Softmax', 'Sigmoid')} "
    "layer { type: 'SigmoidCrossEntropyLoss' bottom: 'p' bottom: 'x' }": ["PF321", "PF409"],
    "layer { type: 'Python' python_param { module: 'm' layer: 'L' } top: 'x' top: 'y' top: 'H' } "
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'H' "
    "top: 'l' infogain_loss_param { source: 'H' } }": ["PF410"],
    f"{FED} layer {{ type: 'HingeLoss' bottom: 'x' bottom: 'y' top: 'l' "
    "loss_param { normalization: FULL } }": ["PF411"],
    f"{FED} {LOSS} layer {{ type: 'Accuracy' bottom: 'x' bottom: 'y' top: 'a' "
    "loss_param { ignore_label: 255 } }": ["PF415"],
    f"{FED} {LOSS[:-1]} loss_param {{ normalization: FULL normalize: true }} }}": ["PF416"],
    f"{FED} layer {{ name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'fc' inner_product_param "
    "{ num_output: 3 } } layer { type: 'MultinomialLogisticLoss' bottom: 'fc' bottom: 'y' "
    "top: 'l' }": ["PF417"],
    f"{FED} layer {{ name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'fc' inner_product_param "
    "{ num_output: 3 } } layer { type: 'SoftmaxWithLoss' bottom: 'fc' bottom: 'y' top: 'l' "
    "propagate_down: true propagate_down: true }": ["PF418"],
    f"{FED} {LOSS[:-1]} loss_param {{ ignore_label: 255 }} }} "
    "layer { type: 'Accuracy' bottom: 'x' bottom: 'y' top: 'a' }": ["PF412"],
    f"{FED} {LOSS} layer {{ type: 'TanH' bottom: 'x' top: 'dead' }}": ["PF321"],
    f"{FED} layer {{ type: 'TanH' bottom: 'x' top: 'z' exclude {{ }} }}": ["PF322"],
    f"{FED} layer {{ type: 'Dropout' bottom: 'x' top: 'z' "
    "dropout_param { dropout_ratio: 1 } }": ["PF323"],
    f"{FED.replace('dim: 8', 'dim: 1')} {LOSS}": ["PF324"],
    f"{FED} {LOSS[:-1]} loss_weight: 0 }}": ["PF325"],
    f"{FED} {LOSS} layer {{ type: 'Softmax' bottom: 'x' top: 'z' }}": ["PF326"],
    f"{FED} layer {{ type: 'BatchNorm' bottom: 'x' top: 'z' "
    "batch_norm_param { use_global_stats: false } }": ["PF327"],
    f"{FED} layer {{ type: 'ArgMax' bottom: 'x' top: 'x' }}": ["PF328"],
    f"{FED} layer {{ name: 's' type: 'Scale' bottom: 'x' top: 'x' }} "
    "layer { name: 's' type: 'Scale' bottom: 'x' top: 'x' }": ["PF329"],
    f"force_backward: true {FED} {LOSS} "
    "layer { type: 'Accuracy' bottom: 'x' bottom: 'y' top: 'a' }": ["PF331"],
    "base_lr: 0.01 momentum: 0.9": [],
    "net: 'train_val.prototxt'": ["PF701"],
    "base_lr: 0.01 lr_policy: 'fixed' max_iter: 9": ["PF703"],
    "net_param { } base_lr: 0.01": ["PF704"],
    "net_param { } base_lr: 0.01 lr_policy: 'step' gamma: 0.1": ["PF705"],
    "net_param { } base_lr: 0.01 lr_policy: 'poly' max_iter: 9": ["PF706"],
    "lr_policy: 'multistep' gamma: 0.1 stepvalue: 5 stepvalue: 4": ["PF707"],
    "net_param { } lr_policy: 'fixed'": ["PF708"],
    "net_param { } max_iter: 0": ["PF709"],
    "net_param { } type: 'sgd'": ["PF710"],
    "net_param { } type: 'SGD' solver_type: SGD": ["PF711"],
    "net_param { } solver_type: SGD": ["PF712"],
    "net_param { } weight_decay: 1 regularization_type: 'L3'": ["PF713"],
    "net_param { } type: 'AdaGrad' momentum: 0.9": ["PF714"],
    "net_param { } average_loss: 0": ["PF715"],
    "net_param { } base_lr: -1 lr_policy: 'fixed'": ["PF716"],
    "net_param { } max_iter: 9 test_interval: 5": ["PF717"],
    "net_param { } max_iter: 9 snapshot: 5": ["PF718"],
    "net_param { } max_iter: 9 rms_decay: 0.9": ["PF720"],
    "net_param { } max_iter: 9 type: 'Adam'": ["PF721"],
    "\ufeffname: 'n'": ["PF006"],
    "name: 'n": ["PF002"],
    "a: 08": ["PF003", "PF108"],
    "input_dim: 08": ["PF003"],
    "input_dim: 1.5px": ["PF003"],
    "name: 'n' @": ["PF004"],
    "layer {": ["PF005"],
    "layer }": ["PF001"],
    # The brackets pair up; what is meant stands in the indentation.
    "layer {\n  type: 'Input'\n  input_param { shape { dim: 1 }\n}\n"
    "layer {\n  type: 'ReLU'\n}\n}\n}\n": ["PF005", "PF005", "PF005"],
}


@pytest.mark.parametrize("text", FINDINGS, ids=lambda text: text[:40])
def test_codes(text: str, net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text(text, encoding="utf-8")
    code = main(["check", "net.prototxt", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert sorted(finding["code"] for finding in found) == sorted(FINDINGS[text])
    assert [one.code for one in protofix.check(text, "net.prototxt")] == [
        it["code"] for it in found
    ]
    # What is good to know stops no pipeline.
    assert code == (1 if {finding["severity"] for finding in found} - {"info"} else 0)


def test_what_follows_a_missing_brace_is_checked_and_the_brace_said_once(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(
        "layer {\n  name: 'a'\n"
        "layer {\n  name: 'b'\n}\n"
        "layer {\n  nmae: 'c'\n}\n"
        "layer {\n  type: Softmax\n}\n"
    )
    assert main(["check", "net.prototxt", "--format", "json"]) == 1
    found = [(f["line"], f["code"]) for f in json.loads(capsys.readouterr().out)]
    assert found == [(3, "PF005"), (7, "PF101"), (10, "PF102")]


@pytest.mark.parametrize("reason", ["Permission denied", "Input/output error"])
def test_a_folder_that_cannot_be_read(
    reason: str,
    net: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def walk(top: str, onerror: Callable[[OSError], None]) -> Iterator[Any]:
        onerror(OSError(5, reason, top))
        return iter(())

    (net.parent / "locked").mkdir()
    monkeypatch.setattr("os.walk", walk)
    assert main(["check", "locked"]) == 2
    assert capsys.readouterr().err == f"protofix: locked: cannot be read: {reason}\n"
    (net.parent / "protofix.toml").write_text('exclude = ["locked/"]\n')
    assert main(["check", "locked", "--force-exclude"]) == 0


def test_a_failure_in_one_file_does_not_hide_the_others(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(context: Context, codes: frozenset[str]) -> Ran:
        if context.document.source.path.endswith("bad.prototxt"):
            raise KeyError("oops")
        return run_rules(context, codes)

    (net.parent / "bad.prototxt").write_text(CHAIN)
    monkeypatch.setattr("protofix.linting.checking.run_rules", fails)
    assert main(["check"]) == 2
    out, err = capsys.readouterr()
    assert "net.prototxt:4:51: PF401" in out
    assert "bad.prototxt: internal error, please report it: KeyError: 'oops'" in err


def test_a_rule_that_breaks_down_does_not_hide_the_others(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(context: Context) -> Iterator[Hit]:
        raise KeyError("oops")

    broken = [made(it, fails) if it.code == "PF401" else it for it in RULES]
    monkeypatch.setattr("protofix.rulebook.registry.RULES", tuple(broken))
    assert main(["check"]) == 2
    out, err = capsys.readouterr()
    assert "PF301" in out
    assert err.splitlines()[0] == (
        "protofix: ./net.prototxt: internal error in rule PF401 softmax-before-infogain: "
        "KeyError: 'oops', please report it"
    )


def test_a_blob_that_a_phase_lacks_is_said_with_the_phase(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(
        "layer { name: 'data' type: 'Input' top: 'data' }\n"
        "layer { name: 'label' type: 'Input' top: 'label' include { phase: TRAIN } }\n"
        "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'data' bottom: 'label' top: 'l' }\n"
    )
    assert main(["check", "net.prototxt"]) == 1
    out = capsys.readouterr().out
    assert "3:69: PF301 [**] unmade-blob: `loss` reads `label`, which nothing makes in TEST" in out


@needs_shared
def test_the_nets_of_caffe_itself_are_without_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["check", str(SHARED / "corpus" / "caffe-1.0"), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    examples = "caffe-1.0/examples"
    expected = [
        # A notebook of Caffe's writes the nets that this solver names.
        (f"{examples}/mnist/lenet_auto_solver.prototxt", 2, "PF701"),
        (f"{examples}/mnist/lenet_auto_solver.prototxt", 3, "PF701"),
        # These were left in the format and the spelling of their time.
        (f"{examples}/mnist/lenet_consolidated_solver.prototxt", 47, "PF203"),
        (f"{examples}/siamese/mnist_siamese_train_test.prototxt", 41, "PF207"),
    ]
    corpus = SHARED / "corpus"
    assert [
        (Path(it["file"]).relative_to(corpus).as_posix(), it["line"], it["code"]) for it in found
    ] == expected


@needs_shared
def test_nets_that_caffe_refuses_for_their_blobs(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(SHARED / "golden" / "broken"), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    by_name = {Path(finding["file"]).stem for finding in found}
    assert {
        "unknown_bottom",
        "label_only_in_train",
        "mixed_layers",
        "infogain_no_source",
    } <= by_name
    assert "fine" not in by_name
