"""action.yml and the recipes of docs/ci.md: valid, and doing what they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from shared_data import ROOT

from protofix.cli import main

ACTION = ROOT / "action.yml"
GUIDE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(yaml|sh)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
RECIPES = [text for language, text in BLOCKS if language == "yaml"]
WRONG = "layer { name: 'a' type: 'Sofmax' bottom: 'x' }\n"


def content() -> Any:
    return yaml.safe_load(ACTION.read_text(encoding="utf-8"))


def step(name: str) -> Any:
    [found] = [it for it in content()["runs"]["steps"] if it.get("name") == name]
    return found


def assert_valid(path: Path, schema: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", path],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_action_is_valid() -> None:
    assert_valid(ACTION, "github-actions")


def test_nothing_that_is_given_becomes_part_of_a_script() -> None:
    steps = content()["runs"]["steps"]
    scripts = [it["run"] for it in steps if "run" in it]
    assert len(scripts) == 2
    assert [script for script in scripts if "${{" in script] == []


def test_each_input_is_used() -> None:
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", ACTION.read_text(encoding="utf-8")))
    assert used == set(content()["inputs"])


def check_by_the_action(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the action's own script with inputs, as GitHub's runner does."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    defaults = {name: it["default"] for name, it in content()["inputs"].items()}
    assert set(given) <= set(defaults)
    environment = {"RUNNER_TEMP": str(folder / "nothing"), "PATH": os.environ["PATH"]}
    for key, value in step("Check")["env"].items():
        named = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)
        environment[key] = {**defaults, **given}[named[1]] if named else sys.executable
    return subprocess.run(
        [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step("Check")["run"]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.prototxt").write_text(WRONG)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "good.prototxt").write_text("layer { type: 'Input' top: 'x' }\n")
    return tmp_path


def test_the_action_checks_everything_and_notes_it_for_github(folder: Path) -> None:
    run = check_by_the_action(folder)
    assert run.returncode == 1
    assert run.stdout.startswith("::error file=models/net.prototxt,line=1,")


def test_the_action_takes_paths_options_and_an_output(folder: Path) -> None:
    (folder / "a b.prototxt").write_text(WRONG)
    run = check_by_the_action(
        folder,
        paths="examples\n\na b.prototxt\n",
        format="sarif",
        output="my report.sarif",
        options="--exit-zero  --select PF109",
    )
    assert (run.returncode, run.stdout) == (0, "")
    [result] = json.loads((folder / "my report.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "PF109"
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "a%20b.prototxt"


NASTY = ["$(touch made)", "`touch made`", '"; touch made; "', "'; touch made; '", "*"]


@pytest.mark.parametrize(
    ("name", "nasty"),
    [("paths", "--fix"), *((name, nasty) for name in ("paths", "options") for nasty in NASTY)],
)
def test_the_action_runs_nothing_that_it_is_given(folder: Path, name: str, nasty: str) -> None:
    before = (folder / "models" / "net.prototxt").read_text()
    run = check_by_the_action(folder, **{name: nasty})
    assert run.returncode == 2
    assert not (folder / "made").exists()
    assert (folder / "models" / "net.prototxt").read_text() == before


def schema_of(recipe: str) -> str | None:
    if "jobs:" in recipe:
        return "github-workflows"
    return "gitlab-ci" if "script:" in recipe else None


def test_the_guide_has_a_recipe_for_each() -> None:
    kinds = [schema_of(recipe) for recipe in RECIPES]
    assert kinds == [None, "github-workflows", "github-workflows", "gitlab-ci"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_valid(recipe: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    path.write_text(recipe)
    schema = schema_of(recipe)
    if schema is not None:
        assert_valid(path, schema)
        return
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(path)]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_uses_what_there_is(recipe: str) -> None:
    content = yaml.safe_load(recipe)
    hooks = {it["id"] for it in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for repo in content.get("repos", ()):
        assert {hook["id"] for hook in repo["hooks"]} == hooks
    inputs = yaml.safe_load(ACTION.read_text())["inputs"]
    for job in content.get("jobs", {}).values():
        for it in job["steps"]:
            if "protofix" in it["uses"]:
                assert set(it["with"]) <= set(inputs)


COMMANDS = re.findall(
    r"^(?:    - )?(protofix .+)$", "\n".join(it for _, it in BLOCKS), re.MULTILINE
)


def test_each_command_of_the_guide_does_what_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = folder / "models" / "net.prototxt"
    codes = {}
    for command in COMMANDS:
        words, _, standard_input = command.partition(" < ")
        if standard_input:
            monkeypatch.setattr(sys, "stdin", open(folder / standard_input))  # noqa: SIM115
        codes[words] = main(shlex.split(words)[1:])
    assert list(codes.values()) == [0, 0, 1, 1, 1, 1]
    capsys.readouterr()
    names = {"protofix-baseline.json", "gl-code-quality-report.json", "protofix.xml"}
    assert names <= {path.name for path in folder.iterdir()}
    assert given.read_text() == WRONG
