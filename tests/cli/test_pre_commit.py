"""The hooks of this repository, as pre-commit itself installs and runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from shared_data import ROOT

pytestmark = pytest.mark.lengthy

MANIFEST = ROOT / ".pre-commit-hooks.yaml"

CHAIN = """layer { name: "data" type: "Python" top: "data" top: "label" top: "H"
        python_param { module: "leaves" layer: "Leaves" } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
        inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H" top: "loss" }
"""


def pre_commit(*arguments: str, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    # What a hook of Git's has set for this checkout is not meant for another.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=cwd,
        env={**environment, "PRE_COMMIT_HOME": str(home)},
        capture_output=True,
        text=True,
    )


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    run = pre_commit("validate-manifest", str(MANIFEST), cwd=tmp_path, home=tmp_path / "home")
    assert (run.returncode, run.stdout) == (0, "")


def an_index_is_reached(folder: Path) -> bool:
    """Whether pip gets a package, as it must for a hook that is installed."""
    asked = ("download", "--quiet", "--no-deps", "--retries", "0", "--timeout", "10", "lark")
    run = subprocess.run(
        [sys.executable, "-m", "pip", *asked, "--dest", str(folder)], capture_output=True
    )
    return run.returncode == 0


def test_both_hooks_on_a_commit(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout: pre-commit clones it")
    if not an_index_is_reached(tmp_path / "lark"):
        pytest.skip("needs a package index, from which pre-commit installs protofix")
    project = tmp_path / "project"
    (project / "vendored").mkdir(parents=True)
    net, vendored = project / "net.prototxt", project / "vendored" / "net.prototxt"
    net.write_text(CHAIN)
    vendored.write_text(CHAIN)
    (project / "protofix.toml").write_text('exclude = ["vendored/"]\n')
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=project, check=True)

    run = pre_commit(
        "try-repo", str(ROOT), "--all-files", "--color=never", cwd=project, home=tmp_path / "home"
    )

    assert run.returncode == 1, run.stdout + run.stderr
    found, mended = run.stdout.split("- hook id: protofix-fix")
    assert "net.prototxt:4:" not in found
    assert "net.prototxt:6:51: PF401 [*] softmax-before-infogain: `loss` applies" in found
    assert "1 error in 1 of 1 file" in found
    assert "files were modified by this hook" in mended
    assert "1 finding mended in 1 file: PF401 softmax-before-infogain × 1" in mended
    assert 'bottom: "fc" bottom: "label"' in net.read_text()
    assert vendored.read_text() == CHAIN
