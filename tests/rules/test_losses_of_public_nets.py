"""What the rules on losses say of the nets that people published, each looked at by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import SHARED, needs_shared

from protofix.files import source_of_bytes
from protofix.linting.checking import Question, check_source
from protofix.linting.walking import files_below
from protofix.rulebook.context import Target

CODES = frozenset(f"PF{number}" for number in range(401, 415))

# The labels of CamVid are 0 to 11, where 11 is what nobody labelled. The losses ignore it; the
# Accuracy, which counts 11 classes one by one, counts it behind the last.
VOID_COUNTED = [
    "segnet/Models/bayesian_segnet_basic_train.prototxt",
    "segnet/Models/bayesian_segnet_train.prototxt",
    "segnet/Models/segnet_basic_train.prototxt",
    "segnet/Models/segnet_train.prototxt",
]


@needs_shared
@pytest.mark.parametrize("target", ["fused", "legacy"])
def test_only_what_is_wrong_is_said(target: Target) -> None:
    corpus = SHARED / "corpus"
    found = []
    for name in sorted(files_below([str(corpus)])):
        source = source_of_bytes(Path(name).read_bytes(), name)
        checked = check_source(source, Question(codes=CODES, target=target))
        assert not checked.failures
        path = Path(name).relative_to(corpus).as_posix()
        found += [(path, it.code) for it in checked.findings]
    assert found == [(path, "PF412") for path in VOID_COUNTED]
