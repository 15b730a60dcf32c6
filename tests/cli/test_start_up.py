"""What a check of a small net imports: what takes long is left to those who need it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = """layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 4 dim: 8 } } }
layer { name: 'y' type: 'Input' top: 'y' input_param { shape { dim: 4 } } }
layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' top: 'loss' }
"""
LONG = ("lark", "numpy", "google.protobuf", "rich", "h5py", "PIL", "pathspec", "multiprocessing")
OURS = ("protofix.api", "protofix.infogain", "protofix.upgrade.text", "protofix.data.lmdb")
ALL = (*LONG, *OURS)

# A net, and what of these it takes.
TAKES = {
    "a plain net": (SMALL, set()),
    "a finding": (SMALL + "layer { name: 'r' type: 'ReLU' bottom: 'z' top: 'z' }\n", set()),
    "an irregular line": (SMALL + "layer { name: 'a' 'b' }\n", {"lark"}),
    "a solver": ("net: 'net.prototxt'\nbase_lr: 0.1\nlr_policy: 'fixed'\nmax_iter: 9\n", set()),
}


@pytest.mark.parametrize("case", TAKES)
def test_what_takes_long_is_imported_only_where_it_is_used(case: str, tmp_path: Path) -> None:
    text, taken = TAKES[case]
    (tmp_path / "net.prototxt").write_text(text)
    program = (
        "import sys; from protofix.cli import main; main(['check', 'net.prototxt']); "
        f"print(*[name for name in {ALL!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert set(run.stderr.splitlines()[-1].split()) == taken, run.stderr


def test_the_help_lists_every_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "protofix", "--help"], capture_output=True, text=True
    )
    commands = "check rules explain show upgrade migrate inject matrix prove completion"
    for command in commands.split():
        assert re.search(rf"^    {command}\b", run.stdout, re.MULTILINE), command
