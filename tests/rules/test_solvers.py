"""What is said of solvers: what Caffe refuses, and what it takes and nobody meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from mending import findings_of, mended, said
from shared_data import SHARED, needs_shared

import protofix
from protofix.linting.walking import files_below

PLAIN = 'net: "net.prototxt"\nbase_lr: 0.01\nlr_policy: "fixed"\nmax_iter: 100\n'


def rate(policy: str, fields: str, plain: str = PLAIN) -> str:
    """A solver of another learning rate policy, with more fields."""
    return plain.replace('"fixed"', f'"{policy}"') + fields


# What is said of each solver, PF701 (its net is not there) aside.
SAID = {
    "a plain solver": (PLAIN, []),
    "a part of a solver": ("base_lr: 0.01 momentum: 0.9", []),
    "a net alone": ('net: "net.prototxt"', []),
    "a solver with a mistake in its text": (f"{PLAIN}type: 'ADAM' {{", []),
    # PF703
    "no net": (
        PLAIN.replace('net: "net.prototxt"\n', ""),
        [
            "PF703 `base_lr: 0.01`: the solver gives no net, and Caffe aborts: write `net` or "
            "`train_net`"
        ],
    ),
    "a net within": (PLAIN.replace('net: "net.prototxt"', "net_param { }"), []),
    # PF704
    "no policy": (
        PLAIN.replace('lr_policy: "fixed"\n', ""),
        [
            "PF704 `base_lr: 0.01`: the solver has no lr_policy, and Caffe aborts in the first "
            "iteration: write `fixed` for a rate that stays base_lr"
        ],
    ),
    "a slip of a policy": (
        rate("multstep", "gamma: 0.1 stepvalue: 5"),
        ['PF704 `"multstep"`: Caffe 1.0 has no lr_policy `multstep`: did you mean `multistep`?'],
    ),
    "a policy of nobody": (
        rate("cosine", ""),
        [
            'PF704 `"cosine"`: Caffe 1.0 has no lr_policy `cosine`: it has fixed, step, '
            "multistep, exp, inv, poly, sigmoid"
        ],
    ),
    "a fork's policy": (rate("plateau", "gamma: 0.1 plateau_winsize: 100"), []),
    "a fork's policy without a fork's field": (rate("plateau", "gamma: 0.1"), []),
    "a policy of the fork whose field is not known": (rate("stepearly", "stepearly: 1"), []),
    "a policy to be filled in": (rate("${POLICY}", ""), []),
    # PF705
    "step without stepsize": (
        rate("step", "gamma: 0.1"),
        [
            'PF705 `"step"`: lr_policy `step` with no stepsize aborts in the first iteration: '
            "write after how many iterations to step"
        ],
    ),
    "step with stepsize 0": (
        rate("step", "gamma: 0.1 stepsize: 0"),
        [
            "PF705 `stepsize: 0`: lr_policy `step` with stepsize 0 aborts in the first iteration: "
            "write after how many iterations to step"
        ],
    ),
    "step with what multistep reads": (
        rate("step", "gamma: 0.1 stepvalue: 50"),
        [
            'PF705 `"step"`: lr_policy `step` reads stepsize, not stepvalue, and aborts without '
            "one: did you mean `multistep`?",
        ],
    ),
    "step without gamma": (
        rate("step", "stepsize: 10"),
        [
            'PF705 `"step"`: lr_policy `step` with no gamma has a learning rate of 0 from the '
            "first step on: write the factor of each step, 0.1 say"
        ],
    ),
    "exp with gamma 0": (
        rate("exp", "gamma: 0"),
        [
            "PF705 `gamma: 0`: lr_policy `exp` with gamma 0 has a learning rate of 0 from the "
            "first iteration on: write the factor of each step, 0.1 say"
        ],
    ),
    "inv with a negative gamma": (
        rate("inv", "gamma: -0.1 power: 0.75"),
        ["PF705 `gamma: -0.1`: lr_policy `inv` takes no negative gamma: Caffe aborts"],
    ),
    "poly without max_iter": (
        rate("poly", "power: 0.9", PLAIN.replace("max_iter: 100\n", "")),
        [
            'PF705 `"poly"`: lr_policy `poly` with no max_iter divides by 0, and every weight '
            "becomes not a number: write max_iter"
        ],
    ),
    "poly with max_iter 0": (
        rate("poly", "power: 0.9", PLAIN.replace("100", "0")),
        [
            "PF705 `max_iter: 0`: lr_policy `poly` with max_iter 0 divides by 0, and every weight "
            "becomes not a number: write max_iter"
        ],
    ),
    "poly with a negative max_iter": (
        rate("poly", "power: 0.9", PLAIN.replace("100", "-5")),
        [
            "PF709 `max_iter: -5`: the solver has max_iter -5: `caffe train` ends before the first "
            "iteration"
        ],
    ),
    "poly with a max_iter that is no whole number": (
        rate("poly", "power: 0.9", PLAIN.replace("100", "1e5")),
        [],
    ),
    "step with a stepsize that is no whole number": (rate("step", "gamma: 1 stepsize: 1e3"), []),
    "exp with a gamma that is no number": (rate("exp", "gamma: '0.9'"), []),
    "all that step needs": (rate("step", "gamma: 0.1 stepsize: 10"), []),
    "all that exp needs": (rate("exp", "gamma: 0.999"), []),
    "all that inv needs": (rate("inv", "gamma: 0.0001 power: 0.75"), []),
    "all that poly needs": (rate("poly", "power: 0.9"), []),
    "all that sigmoid needs": (rate("sigmoid", "gamma: 0.1 stepsize: 50"), []),
    "all that multistep needs": (rate("multistep", "gamma: 0.1 stepvalue: 5 stepvalue: 8"), []),
    # PF706
    "inv without power": (
        rate("inv", "gamma: 0.0001"),
        [
            'PF706 `"inv"`: lr_policy `inv` without power leaves the learning rate at base_lr: '
            "write power, or make it `fixed`"
        ],
    ),
    "inv without gamma and power": (
        rate("inv", ""),
        [
            'PF706 `"inv"`: lr_policy `inv` without gamma and power leaves the learning rate at '
            "base_lr: write gamma and power, or make it `fixed`"
        ],
    ),
    "sigmoid without gamma": (
        rate("sigmoid", "stepsize: 50"),
        [
            'PF706 `"sigmoid"`: lr_policy `sigmoid` without gamma leaves the learning rate at half '
            "of base_lr: write gamma, or make it `fixed`"
        ],
    ),
    "multistep with what step reads": (
        rate("multistep", "gamma: 0.1 stepsize: 50"),
        [
            'PF706 `"multistep"`: lr_policy `multistep` without stepvalue leaves the learning rate '
            "at base_lr: it does not read stepsize; did you mean `step`?",
        ],
    ),
    "poly with a power of 0, which is written": (rate("poly", "power: 0"), []),
    # PF707
    "stepvalues out of order": (
        rate("multistep", "gamma: 0.1 stepvalue: [50, 80, 20]"),
        [
            "PF707 `20`: stepvalue 20 stands behind 80, and is taken in the iteration after that "
            "one: write them in ascending order, each once"
        ],
    ),
    "a stepvalue twice": (
        rate("multistep", "gamma: 0.1 stepvalue: 50 stepvalue: 50"),
        [
            "PF707 `50`: stepvalue 50 stands behind 50, and is taken in the iteration after that "
            "one: write them in ascending order, each once"
        ],
    ),
    # PF708
    "no base_lr": (
        PLAIN.replace("base_lr: 0.01\n", ""),
        [
            'PF708 `"fixed"`: the solver has no base_lr, so that its learning rate is 0: '
            "write base_lr"
        ],
    ),
    "a base_lr of 0, to gather statistics": (PLAIN.replace("0.01", "0"), []),
    "a policy of a fork with rates of its own": (
        rate("multifixed", "stagelr: 0.1 stageiter: 10", PLAIN.replace("base_lr: 0.01\n", "")),
        [],
    ),
    # PF709
    "no max_iter, and snapshots": (
        PLAIN.replace("max_iter: 100", 'snapshot: 10 snapshot_prefix: "net"'),
        [
            "PF709 `snapshot: 10`: the solver has no max_iter: `caffe train` ends before the first "
            "iteration"
        ],
    ),
    "max_iter 0": (
        PLAIN.replace("100", "0"),
        [
            "PF709 `max_iter: 0`: the solver has max_iter 0: `caffe train` ends before the first "
            "iteration"
        ],
    ),
    "no max_iter, as a program takes the steps": (
        PLAIN.replace("max_iter: 100", 'snapshot: 0 snapshot_prefix: "net"'),
        [],
    ),
    # PF710
    "a type in other letters": (
        f'{PLAIN}type: "SGd"',
        ['PF710 `"SGd"`: Caffe has no solver of the type `SGd`: did you mean `SGD`?'],
    ),
    "a type of nobody": (
        f'{PLAIN}type: "LBFGS"',
        [
            'PF710 `"LBFGS"`: Caffe has no solver of the type `LBFGS`: there are SGD, Nesterov, '
            "AdaGrad, RMSProp, AdaDelta, Adam"
        ],
    ),
    # PF711, PF712
    "both names of the type": (
        f'{PLAIN}type: "Nesterov" solver_type: NESTEROV',
        [
            "PF711 `solver_type: NESTEROV`: the solver has both type and solver_type, and Caffe "
            "aborts: keep type"
        ],
    ),
    "the old name of the type": (
        f"{PLAIN}solver_type: NESTEROV",
        [
            "PF712 `solver_type: NESTEROV`: solver_type is the old name of a solver's type, which "
            "is a string today"
        ],
    ),
    # PF713
    "an unknown regularization": (
        f'{PLAIN}weight_decay: 0.1 regularization_type: "L3"',
        ['PF713 `"L3"`: Caffe has no regularization `L3`: write `L2` or `L1`'],
    ),
    "an unknown regularization that is not applied": (
        f'{PLAIN}regularization_type: "L3"',
        [
            'PF720 `regularization_type: "L3"`: without weight_decay nothing reads '
            "regularization_type"
        ],
    ),
    "regularized by L1": (f'{PLAIN}weight_decay: 0.1 regularization_type: "L1"', []),
    # PF714
    "a momentum for AdaGrad": (
        f'{PLAIN}type: "AdaGrad" momentum: 0.9',
        ["PF714 `momentum: 0.9`: AdaGrad takes no momentum, and Caffe aborts: take it away"],
    ),
    "a momentum for RMSProp, in the old way": (
        f"{PLAIN}solver_type: RMSPROP momentum: 0.9",
        [
            "PF712 `solver_type: RMSPROP`: solver_type is the old name of a solver's type, which "
            "is a string today",
            "PF714 `momentum: 0.9`: RMSProp takes no momentum, and Caffe aborts: take it away",
        ],
    ),
    "no momentum for RMSProp": (f'{PLAIN}type: "RMSProp" momentum: 0.0 rms_decay: 0.98', []),
    # PF715
    "numbers that Caffe refuses": (
        f"{PLAIN}average_loss: 0\niter_size: 0\nclip_gradients: 0\n",
        [
            "PF715 `0`: average_loss is 0, and Caffe aborts: it must be at least 1",
            "PF715 `0`: iter_size is 0, and every weight becomes not a number: it must be at "
            "least 1",
            "PF715 `0`: clip_gradients 0 makes every gradient 0: write a norm above 0, or -1 for "
            "none",
        ],
    ),
    "shares of 1": (
        f'{PLAIN}type: "Adam" momentum: 1 momentum2: 1.5',
        [
            "PF715 `1`: momentum is 1: Adam wants at least 0, and less than 1",
            "PF715 `1.5`: momentum2 is 1.5: Adam wants at least 0, and less than 1",
        ],
    ),
    "a share of more than 1 for AdaDelta": (
        f'{PLAIN}type: "AdaDelta" momentum: 1.5',
        ["PF715 `1.5`: momentum is 1.5: AdaDelta wants at least 0, and less than 1"],
    ),
    "less than no iteration": (
        f"{PLAIN}iter_size: -2",
        ["PF715 `-2`: iter_size is -2, and nothing is learnt: it must be at least 1"],
    ),
    "numbers that are not finite": (
        rate("exp", "gamma: nan weight_decay: inf\nmomentum: 1e39", PLAIN.replace("0.01", "-inf")),
        [
            f"PF715 `{number}`: {name} is {number}, with which nothing can be learnt: write a "
            "number that float32 has"
            for name, number in (
                ("base_lr", "-inf"),
                ("gamma", "nan"),
                ("weight_decay", "inf"),
                ("momentum", "1e39"),
            )
        ],
    ),
    "a number that is not finite, and not read": (
        f"{PLAIN}power: inf",
        ["PF720 `power: inf`: lr_policy `fixed` does not read power"],
    ),
    "the largest number that there is": (f"{PLAIN}weight_decay: 3.4e38", []),
    "a decay of another type's": (
        f"{PLAIN}rms_decay: 2",
        ["PF720 `rms_decay: 2`: the type SGD does not read rms_decay"],
    ),
    "numbers that do": (f"{PLAIN}average_loss: 20 iter_size: 2 clip_gradients: -1", []),
    # PF716
    "numbers that nobody means": (
        f"{PLAIN}momentum: 1 weight_decay: -0.1",
        [
            "PF716 `1`: momentum is 1, so that past gradients never fade: it should be at least 0 "
            "and below 1",
            "PF716 `-0.1`: weight_decay is -0.1, so that weights grow by themselves: it should be "
            "at least 0",
        ],
    ),
    "a momentum that goes back": (
        f'{PLAIN}type: "Nesterov" momentum: -0.9',
        [
            "PF716 `-0.9`: momentum is -0.9, so that each step takes part of the one before it "
            "back: it should be at least 0 and below 1"
        ],
    ),
    "a rate that grows": (
        rate("poly", "power: -0.5"),
        [
            "PF716 `-0.5`: power is -0.5, so that the learning rate grows beyond all bounds: it "
            "should be above 0"
        ],
    ),
    "a rate that grows as is asked for": (rate("inv", "gamma: 0.1 power: -1"), []),
    "a step before the first": (
        rate("multistep", "gamma: 0.1 stepvalue: 0 stepvalue: 50"),
        [
            "PF716 `0`: stepvalue is 0, so that the learning rate is never base_lr: it should be "
            "above 0"
        ],
    ),
    "a snapshot in each iteration": (
        f'{PLAIN}snapshot: -1 snapshot_prefix: "net"',
        [
            "PF716 `-1`: snapshot is -1, which writes as many as the same number above 0: 0 writes "
            "none"
        ],
    ),
    # PF720
    "debug_info without display": (
        f"{PLAIN}debug_info: true",
        [
            "PF720 `debug_info: true`: without display and a test net nothing reads debug_info",
        ],
    ),
    "debug_info of a test net": (f"{PLAIN}debug_info: true test_iter: 1 test_interval: 9", []),
    "debug_info with display": (f"{PLAIN}debug_info: true display: 20", []),
    "a delta of 0": (
        f'{PLAIN}type: "AdaGrad" delta: 0',
        ["PF716 `0`: delta is 0, so that a gradient of 0 is divided by 0: it should be above 0"],
    ),
    # PF702, PF717
    "tests that never come": (
        f"{PLAIN}test_interval: 50",
        [
            "PF717 `test_interval: 50`: the solver has a test_interval and no test_iter, so that "
            "it tests nothing: say how many batches a test takes"
        ],
    ),
    "tests": (f"{PLAIN}test_interval: 50 test_iter: 5", []),
    "tests in less than no time": (
        f"{PLAIN}test_interval: -50 test_iter: 5",
        [
            "PF702 `test_interval: -50`: the solver tests a net, but has test_interval -50: say "
            "after how many iterations"
        ],
    ),
    # PF718
    "snapshots without a name": (
        f"{PLAIN}snapshot: 10",
        [
            "PF718 `snapshot: 10`: the solver has no snapshot_prefix, and Caffe 1.0 aborts: write "
            "how the names of its snapshots begin"
        ],
    ),
    # PF721
    "AdaDelta without momentum": (
        f'{PLAIN}type: "AdaDelta" delta: 1e-6',
        [
            'PF721 `type: "AdaDelta"`: AdaDelta without momentum keeps no average of their '
            "squares: write it, 0.95 is usual"
        ],
    ),
    "Adam with a momentum of 0": (f'{PLAIN}type: "Adam" momentum: 0', []),
}


# Solvers with a slip of a field that is missing without it: the slip alone is said.
SLIPS = {
    "base_lr": PLAIN.replace("base_lr", "base_rl"),
    "lr_policy": PLAIN.replace("lr_policy", "lr_polcy"),
    "max_iter": PLAIN.replace("max_iter", "mx_iter") + "snapshot: 5 snapshot_prefix: 'a'",
    "train_net": PLAIN.replace("net:", "trian_net:", 1),
    "stepsize": rate("step", "gamma: 0.1 stepsiez: 5"),
    "gamma": rate("step", "gama: 0.1 stepsize: 5"),
    "power": rate("poly", "powr: 0.9"),
    "stepvalue": rate("multistep", "gamma: 0.1 stepvalu: 5"),
    "momentum": PLAIN + 'type: "Adam" momentun: 0.9',
    "snapshot_prefix": PLAIN + "snapshot: 5 snapshot_prefx: 'a'",
    "test_iter": PLAIN + "test_interval: 5 test_itr: 5",
}


@pytest.mark.parametrize("meant", SLIPS)
def test_a_slip_is_said_alone(meant: str) -> None:
    found = [one for one in findings_of(SLIPS[meant], "PF") if one.code != "PF701"]
    assert [one.code for one in found] == ["PF101"]
    assert f"did you mean `{meant}`?" in found[0].message


@pytest.mark.parametrize("title", SAID, ids=lambda title: title.replace(" ", "-"))
def test_what_is_said(title: str) -> None:
    text, expected = SAID[title]
    found = [one for one in said(text, "PF7", "solver.prototxt") if not one.startswith("PF701")]
    assert found == expected


# The code, whether the fix is safe, the line before and after.
MENDED = [
    ("PF704", True, 'lr_policy: "Fixed"', 'lr_policy: "fixed"'),
    ("PF704", False, "lr_policy: 'fixde'  # why", "lr_policy: 'fixed'  # why"),
    (
        "PF705", False,
        'lr_policy: "step"\ngamma: 0.1\nstepvalue: 9',
        'lr_policy: "multistep"\ngamma: 0.1\nstepvalue: 9',
    ),
    (
        "PF706", False,
        'lr_policy: "multistep" gamma: 0.1 stepsize: 9',
        'lr_policy: "step" gamma: 0.1 stepsize: 9',
    ),
    (
        "PF707", False,
        'lr_policy: "multistep" gamma: 1\nstepvalue: 9 # a\nstepvalue: 5 # b',
        'lr_policy: "multistep" gamma: 1\nstepvalue: 5 # a\nstepvalue: 9 # b',
    ),
    ("PF710", True, "lr_policy: 'fixed' type: 'ADAM'", "lr_policy: 'fixed' type: 'Adam'"),
    ("PF710", False, "lr_policy: 'fixed' type: 'Neserov'", "lr_policy: 'fixed' type: 'Nesterov'"),
    (
        "PF711", True,
        "lr_policy: 'fixed'\ntype: 'Adam'\nsolver_type: ADAM  # old",
        "lr_policy: 'fixed'\ntype: 'Adam'",
    ),
    ("PF712", True, "lr_policy: 'fixed' solver_type: 1", "lr_policy: 'fixed' type: 'Nesterov'"),
    (
        "PF713", True,
        "lr_policy: 'fixed' weight_decay: 1 regularization_type: 'l1'",
        "lr_policy: 'fixed' weight_decay: 1 regularization_type: 'L1'",
    ),
    (
        "PF714", False,
        "lr_policy: 'fixed'\ntype: 'RMSProp'\nmomentum: 0.9\nrms_decay: 0.9",
        "lr_policy: 'fixed'\ntype: 'RMSProp'\nrms_decay: 0.9",
    ),
    (
        "PF721", False,
        "lr_policy: 'fixed'\ntype: 'Adam'  # slow",
        "lr_policy: 'fixed'\ntype: 'Adam'  # slow\nmomentum: 0.9",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "safe", "before", "after"), MENDED)
def test_fixes(code: str, safe: bool, before: str, after: str) -> None:
    head = "net: 'n.prototxt'\nbase_lr: 0.1\nmax_iter: 100\n"
    assert mended(f"{head}{before}\n", code, safe=safe) == f"{head}{after}\n"


def test_a_policy_is_written_where_there_is_none() -> None:
    before = 'net: "n.prototxt"\nbase_lr: 0.1\nmax_iter: 100\n'
    after = 'net: "n.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 100\n'
    assert mended(before, "PF704", safe=False) == after


def test_a_forks_policy_for_another_caffe() -> None:
    text = rate("plateau", "gamma: 0.1")
    [found] = [one for one in protofix.check(text, dialect="bvlc") if one.code == "PF704"]
    forks = "SSD, NVIDIA 0.17 and Intel have it"
    assert found.message == f"Caffe 1.0 has no lr_policy `plateau`: {forks}"
    assert not [one for one in protofix.check(text, dialect="ssd") if one.code == "PF704"]


def test_the_old_type_for_a_fork_that_has_no_other() -> None:
    text = f"{PLAIN}solver_type: NESTEROV"
    assert not [one for one in protofix.check(text, dialect="segnet") if one.code == "PF712"]


SNAPSHOTS = {
    "a folder that is there": ("models/one/net.prototxt", "models/one/snap/net", None),
    "where Caffe is started": ("models/one/net.prototxt", "net", None),
    "a folder that is not there": (
        "models/one/net.prototxt",
        "elsewhere/net",
        "make it, or name another",
    ),
    "a slip of a folder": (
        "models/one/net.prototxt",
        "models/one/snpa/net",
        "did you mean `models/one/snap`?",
    ),
    "beside a net beside the solver": ("net.prototxt", "snap/net", None),
    "a folder that was to be beside the net": (
        "net.prototxt",
        "models/one/snap/net",
        "make it, or name another",
    ),
    "a net that is not here": ("models/two/net.prototxt", "elsewhere/net", None),
    "a folder of another machine": ("models/one/net.prototxt", "/nowhere/at/all/net", None),
    "a folder to be filled in": ("models/one/net.prototxt", "${OUT}/net", None),
}


@pytest.fixture
def solver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a solver lies in a tree of models, as seen from elsewhere."""
    (tmp_path / "root" / "models" / "one" / "snap").mkdir(parents=True)
    (tmp_path / "root" / "models" / "one" / "net.prototxt").write_text("")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "root" / "models" / "one" / "solver.prototxt"


@pytest.mark.parametrize("title", SNAPSHOTS, ids=lambda title: title.replace(" ", "-"))
def test_folders_of_snapshots(title: str, solver: Path) -> None:
    net, prefix, advice = SNAPSHOTS[title]
    text = f'net: "{net}"\nsnapshot: 10\nsnapshot_prefix: "{prefix}"\n'
    found = [one.message.rpartition(": ")[2] for one in findings_of(text, "PF719", str(solver))]
    assert found == ([] if advice is None else [advice])


def test_snapshots_that_are_written_at_the_end(solver: Path) -> None:
    text = 'net: "net.prototxt"\nmax_iter: 10\nsnapshot_prefix: "out/net"\n'
    [found] = findings_of(text, "PF719", str(solver))
    assert "aborts when it has trained" in found.message
    assert not findings_of(f"{text}snapshot_after_train: false", "PF719", str(solver))
    assert not findings_of(text.replace("max_iter: 10", ""), "PF719", str(solver))


def test_a_slip_of_a_folder_is_mended(solver: Path) -> None:
    text = 'net: "net.prototxt"\nsnapshot: 10\nsnapshot_prefix: "snaps/net"\n'
    after = text.replace("snaps/", "snap/")
    assert mended(text, "PF719", safe=False, path=str(solver)) == after


@needs_shared
def test_public_solvers() -> None:
    """Each finding was looked at, and is right."""
    corpus = SHARED / "corpus"
    found: dict[str, list[str]] = {}
    for path in files_below([str(corpus)]):
        text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
        codes = [one.code for one in findings_of(text, "PF7", path) if one.code != "PF701"]
        if codes:
            found[str(Path(path).relative_to(corpus))] = codes
    # What the nets of FCN and of the notebook are trained into is in no checkout.
    # SIFT Flow's solvers write none.
    folders = (it for it in (corpus / "fcn").iterdir() if not it.name.startswith("siftflow"))
    solvers = (f"fcn/{it.name}/solver.prototxt" for it in folders)
    expected = {path: ["PF719"] for path in solvers if (corpus / path).exists()}
    for name in ("solver", "solver2"):
        expected[f"caffe-rc/examples/hdf5_classification/{name}.prototxt"] = ["PF719"]
    for name in ("adagrad", "nesterov"):
        path = f"caffe-rc/examples/mnist/mnist_autoencoder_solver_{name}.prototxt"
        expected[path] = ["PF712"]
    assert found == expected
