"""What Caffe's own tools made of 65 files in old formats, against what protofix makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import text_format
from shared_data import SHARED, golden, needs_shared

import protofix
from caffe_proto import base_schema

RECORDS: list[dict[str, Any]] = golden("upgrade/index.json")
MESSAGES = {"net": "NetParameter", "solver": "SolverParameter"}


@needs_shared
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["file"])
def test_the_result_is_the_message_that_caffe_makes(record: dict[str, Any]) -> None:
    before = (SHARED / "corpus" / record["file"]).read_bytes()
    upgrade = protofix.upgrade_text(before, record["file"])
    message = base_schema().message_class(MESSAGES[record["kind"]])
    wanted = (SHARED / "golden" / "upgrade" / record["upgraded"]).read_text(encoding="utf-8")
    made = text_format.Parse(upgrade.after.text, message())
    assert made == text_format.Parse(wanted, message())
    assert upgrade.complete
    assert upgrade.steps


@needs_shared
def test_all_records_are_there() -> None:
    assert len(RECORDS) == 65
