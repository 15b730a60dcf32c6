"""What rules say of fixes that their examples do not show: each that they name, they make."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from loss_nets import FC, FED, SOFTMAX, loss_of, net

from protofix.linting.checking import Question, check_source
from protofix.rulebook.context import Target
from protofix.rulebook.findings import FixKind
from protofix.rulebook.registry import NAMES, RULES
from protofix.textproto.source import Source

SOLVER = 'net: "net.prototxt"\nbase_lr: 0.1\nmax_iter: 100\n'
CROP = "import json\nclass Crop:\n    def setup(self):\n        json.loads(self.param_str)\n"


def crop(python_param: str) -> str:
    return f'layer {{ name: "c" type: "Python" top: "c" python_param {{ {python_param} }} }}'


class Made(NamedTuple):
    """A text for which a rule makes a fix of a kind, and the files that lie beside it."""

    text: str
    beside: tuple[tuple[str, str], ...] = ()
    target: Target = "fused"


MADE: dict[tuple[str, FixKind], Made] = {
    ("PF311", "unsafe"): Made(
        net(FED, loss_of("Python", "data", "label", more='top: "more" loss_weight: 2'))
    ),
    ("PF402", "unsafe"): Made(
        net(
            FED,
            FC,
            SOFTMAX,
            'layer { name: "sum" type: "Eltwise" bottom: "prob" bottom: "prob" top: "sum" '
            "eltwise_param { coeff: 0.5 coeff: 0.5 } }",
            loss_of(
                "InfogainLoss",
                "sum",
                "label",
                more='infogain_loss_param { source: "H.binaryproto" axis: 1 }',
            ),
        )
    ),
    ("PF408", "safe"): Made(
        net(FED, FC, SOFTMAX, loss_of("MultinomialLogisticLoss", "prob", "label"))
    ),
    ("PF413", "unsafe"): Made(
        net(
            FED,
            FC,
            'layer { name: "H" type: "Input" top: "H" '
            "input_param { shape { dim: 1 dim: 1 dim: 10 dim: 10 } } }",
            loss_of("InfogainLoss", "fc", "label", "H", more="loss_param { ignore_label: 255 }"),
        ),
        target="legacy",
    ),
    ("PF603", "unsafe"): Made(crop('module: "corp" layer: "Crop"'), (("crop.py", CROP),)),
    ("PF604", "unsafe"): Made(crop('module: "crop" layer: "Corp"'), (("crop.py", CROP),)),
    ("PF607", "safe"): Made(
        crop('module: "crop" layer: "Crop" param_str: "{\'a\': 1}"'), (("crop.py", CROP),)
    ),
    ("PF704", "safe"): Made(SOLVER + 'lr_policy: "Fixed"\n'),
    ("PF706", "unsafe"): Made(SOLVER + 'lr_policy: "multistep" gamma: 0.1 stepsize: 9\n'),
    ("PF710", "unsafe"): Made(SOLVER + 'lr_policy: "fixed" type: "Neserov"\n'),
    ("PF719", "unsafe"): Made(
        SOLVER + 'snapshot: 10 snapshot_prefix: "snpa/net"\n',
        (("net.prototxt", ""), ("snap/readme", "")),
    ),
    ("PF804", "safe"): Made("base_lr: 0.1 \n"),
    ("PF806", "safe"): Made("base_lr: 0.1"),
    ("PF810", "safe"): Made("base_lr: 0.1\r\nmax_iter: 9\nmomentum: 0.9\n"),
}


def test_all_that_rules_name_is_tried() -> None:
    assert set(MADE) == {(rule.code, kind) for rule in RULES for kind in rule.fixes}


@pytest.mark.parametrize(("code", "kind"), MADE)
def test_what_a_rule_names_it_makes(
    code: str, kind: FixKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, beside, target = MADE[code, kind]
    monkeypatch.chdir(tmp_path)
    for name, content in beside:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    question = Question(codes=frozenset(NAMES), target=target)
    found = check_source(Source(text, str(tmp_path / "it.prototxt")), question).findings
    fixes = [one.fix for one in found if one.code == code and one.fix]
    assert kind in {"safe" if fix.safe else "unsafe" for fix in fixes}
