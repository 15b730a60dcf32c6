"""A stage a letter away from another, named once, is asked about; others are not."""

from __future__ import annotations

import pytest

import protofix

STAGES: dict[tuple[str, ...], str | None] = {
    ("vall", "val", "val"): "did you mean `val`?",
    ("trian", "train", "train"): "did you mean `train`?",
    ("train", "val", "val"): None,
    ("eval", "val", "val"): None,
    ("fold1", "fold2", "fold2"): None,
    ("deploy", "val", "train"): None,
    ("vall", "vall", "val"): "did you mean `vall`?",
}


@pytest.mark.parametrize("stages", STAGES, ids=lambda stages: " ".join(stages))
def test_stages_that_are_slips(stages: tuple[str, ...]) -> None:
    text = "".join(
        f'layer {{ name: "{number}" type: "Input" top: "t{number}" '
        f'include {{ stage: "{stage}" }} }}\n'
        for number, stage in enumerate(stages)
    )
    found = [one for one in protofix.check(text) if one.code == "PF330"]
    hint = STAGES[stages]
    assert [one.message.partition(": ")[2] for one in found] == ([] if hint is None else [hint])
