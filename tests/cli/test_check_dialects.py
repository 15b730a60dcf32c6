"""`protofix check` with forks: what is found, what is set, and what a project configures."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from pathlib import Path

import pytest
from shared_data import ROOT

import protofix
from caffe_proto import DIALECTS, base_file, dialect_title
from protofix.cli import main

PLAIN = "layer { name: 'a' type: 'Input' top: 'a' }\n"
SEGNET = PLAIN + "layer { type: 'BN' bottom: 'a' top: 'b' bn_param { } }\n"
LABELS = "item { name: 'cat' label: 1 display_name: 'cat' }\n"
MINE = "layer { name: 'a' type: 'Gate' gate_param: 0.5 }\n"

needs_compiler = pytest.mark.skipif(
    importlib.util.find_spec("grpc_tools") is None, reason="needs grpcio-tools: protofix[schema]"
)
needs_tomllib = pytest.mark.skipif(
    sys.version_info < (3, 11) and importlib.util.find_spec("tomli") is None,
    reason="needs tomli, which protofix brings on Python 3.10",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_own_schema(path: Path) -> None:
    """Caffe 1.0 with one more field, compiled."""
    file = base_file()
    [layer] = [message for message in file.message_type if message.name == "LayerParameter"]
    layer.field.add(name="gate_param", number=900, label=1, type=2)
    path.write_bytes(file.SerializeToString())


def codes(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    main(["check", "--format", "json", *arguments])
    return [finding["code"] for finding in json.loads(capsys.readouterr().out)]


def test_the_summary_tells_the_dialect(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(SEGNET)
    assert main(["check", "net.prototxt"]) == 0
    assert capsys.readouterr().err == "1 file checked, nothing found; dialect SegNet (segnet)\n"


def test_the_summary_counts_dialects(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {"a": PLAIN, "b": PLAIN, "c": LABELS, "d": "foo: 1"}.items():
        (folder / f"{name}.prototxt").write_text(text)
    assert main(["check"]) == 0
    assert capsys.readouterr().err == (
        "1 info in 1 of 4 files; by dialect: Caffe 1.0 2, SSD 1, not a Caffe file 1\n"
    )


@pytest.mark.parametrize("format", ["text", "concise"])
def test_the_last_line_names_the_option_for_a_fork_of_ones_own(
    format: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text(MINE * 3)
    (folder / "slip.prototxt").write_text(PLAIN.replace("name", "nmae"))
    said = "names in no fork known here: if they are your fork's, add --schema caffe.proto"
    assert main(["check", "--format", format, "net.prototxt"]) == 1
    summary, last = capsys.readouterr().err.splitlines()
    assert summary.startswith("6 errors in 1 of 1 file; ")
    assert last == said
    main(["check", "slip.prototxt"])
    assert said not in capsys.readouterr().err
    main(["check", "--format", "json", "net.prototxt"])
    assert capsys.readouterr().err == ""


# What is said of a net, and whether a schema would tell more.
HINTED = {
    "layer { type: 'Flip' }": True,
    "layer { type: 'Flip' flip_param { } }": True,
    "layer { wibble: 1 }": True,
    "layer { bn_param { } }": False,  # which forks have
    "layer { nmae: 'a' }": False,
    "layer { wibble: 1 }  # protofix: ignore[PF101]": False,
}


@pytest.mark.parametrize("text", HINTED)
def test_the_hint_is_for_names_in_no_fork_that_are_said(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text(text)
    for _ in ("anew", "remembered"):
        main(["check", "--dialect", "bvlc", "--cache-dir", "cache", "net.prototxt"])
        assert ("add --schema" in capsys.readouterr().err) == HINTED[text]


def test_a_schema_of_ones_own_calls_for_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text("layer { wibble: 1 }")
    write_own_schema(folder / "mine.desc")
    assert main(["check", "--schema", "mine.desc"]) == 1
    out, err = capsys.readouterr()
    assert "no field `wibble` in mine.desc, nor in any fork known here" in out
    assert "--schema" not in err


def test_verbose_says_what_each_file_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {"a": SEGNET, "b": LABELS, "c": "base_lr: 1", "d": "foo: 1"}.items():
        (folder / f"{name}.prototxt").write_text(text)
    main(["check", "--verbose"])
    said = [
        "./a.prototxt: net, dialect SegNet (segnet)",
        "./b.prototxt: label map, dialect SSD (ssd)",
        "./c.prototxt: solver, dialect Caffe 1.0 (bvlc)",
        "./d.prototxt: not a Caffe file",
    ]
    assert capsys.readouterr().out.splitlines()[:4] == said

    main(["check", "-v", "--format", "json"])
    out, err = capsys.readouterr()
    assert err.splitlines() == said
    assert [record["dialect"] for record in json.loads(out)] == [None]


def test_json_tells_the_dialect(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(SEGNET.replace("bn_param", "nmae: 'b' bn_param"))
    assert main(["check", "--format", "json"]) == 1
    [record] = json.loads(capsys.readouterr().out)
    assert (record["code"], record["dialect"]) == ("PF101", "segnet")


def test_a_dialect_can_be_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(SEGNET)
    assert codes(capsys, "--dialect", "segnet") == []
    assert codes(capsys, "--dialect", "auto") == []
    assert codes(capsys, "--dialect", "ssd") == ["PF109"]


def test_each_dialect_can_be_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    for name in DIALECTS:
        assert main(["check", "--dialect", name]) == 0
        assert f"dialect {dialect_title(name)}" in capsys.readouterr().err


def test_a_dialect_that_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["check", "--dialect", "sdd"])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "--dialect: there is no dialect `sdd`: did you mean `ssd`?" in said
    with pytest.raises(SystemExit):
        main(["check", "--dialect", "wibble"])
    assert "there is no dialect `wibble`: there are auto, bvlc, " in capsys.readouterr().err


@pytest.mark.parametrize("written", ["ssd", "SSD", "Ssd"])
def test_the_case_of_a_dialect_does_not_matter(
    written: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    assert main(["check", "--dialect", written]) == 0
    assert capsys.readouterr().err.endswith("; dialect SSD (ssd)\n")


def test_the_title_of_a_dialect_will_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    assert main(["check", "--dialect", "Faster R-CNN"]) == 0
    assert capsys.readouterr().err.endswith("; dialect Faster R-CNN (fasterrcnn)\n")


def test_help_tells_of_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    said = capsys.readouterr().out
    assert "protofix.toml" in said and "[tool.protofix]" in said and "setup.cfg" in said


def test_a_compiled_schema_of_ones_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(MINE)
    assert codes(capsys) == ["PF109", "PF101"]
    write_own_schema(folder / "mine.desc")
    assert main(["check", "--schema", "mine.desc"]) == 0
    assert capsys.readouterr().err == "1 file checked, nothing found; dialect mine.desc\n"
    assert protofix.check(MINE, schema=folder / "mine.desc") == []


@needs_compiler
def test_a_proto_of_ones_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proto = (ROOT / "caffe_proto" / "caffe.proto").read_text()
    start = "message LayerParameter {"
    assert start in proto
    added = f"{start} optional float gate_param = 900;"
    (folder / "my_caffe.proto").write_text(proto.replace(start, added))
    (folder / "net.prototxt").write_text(MINE)
    assert main(["check", "--schema", "my_caffe.proto"]) == 0
    assert capsys.readouterr().err == "1 file checked, nothing found; dialect my_caffe.proto\n"


def test_a_schema_that_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    assert main(["check", "--schema", "none.proto"]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == (
        "",
        "protofix: none.proto: cannot be read: No such file or directory\n",
    )


def test_a_schema_changed_meanwhile_is_read_again(folder: Path) -> None:
    write_own_schema(folder / "mine.desc")
    assert protofix.check(MINE, schema="mine.desc") == []
    (folder / "mine.desc").write_bytes(base_file().SerializeToString())
    assert [f.code for f in protofix.check(MINE, schema="mine.desc")] == ["PF101"]


CONFIGS = {
    "protofix.toml": "{key} = '{value}'\n",
    "pyproject.toml": "[project]\nname = 'x'\n[tool.protofix]\n{key} = '{value}'\n",
    "setup.cfg": "[metadata]\nname = x\n[protofix]\n{key} = {value}\n",
}


@needs_tomllib
@pytest.mark.parametrize("name", CONFIGS)
def test_configuration(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(SEGNET)
    (folder / name).write_text(CONFIGS[name].format(key="dialect", value="bvlc"))
    assert codes(capsys) == ["PF109"]
    assert codes(capsys, "--dialect", "segnet") == []
    assert codes(capsys, "--dialect", "auto") == []


@needs_tomllib
@pytest.mark.parametrize("name", CONFIGS)
def test_a_configured_schema_lies_beside_its_configuration(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "net.prototxt").write_text(MINE)
    write_own_schema(folder / "mine.desc")
    (folder / name).write_text(CONFIGS[name].format(key="schema", value="mine.desc"))
    assert codes(capsys) == []
    assert codes(capsys, "--dialect", "bvlc") == ["PF109", "PF101"]


@needs_tomllib
def test_the_nearest_configuration_holds(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, dialect in {"": "bvlc", "a": "segnet", "a/b": None, "c": None}.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "net.prototxt").write_text(SEGNET)
        if dialect:
            (folder / name / "protofix.toml").write_text(f"dialect = '{dialect}'")
    (folder / "a" / "b" / "pyproject.toml").write_text("[tool.other]\nx = 'protofix'\n")
    main(["check", "--verbose"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if ": net" in line] == [
        "./net.prototxt: net, dialect Caffe 1.0 (bvlc)",
        "./a/net.prototxt: net, dialect SegNet (segnet)",
        "./a/b/net.prototxt: net, dialect SegNet (segnet)",
        "./c/net.prototxt: net, dialect Caffe 1.0 (bvlc)",
    ]
    monkeypatch.chdir(folder / "a")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SEGNET.encode())))
    assert codes(capsys, "-") == []


REFUSED = {
    "protofix.toml": [
        ("dialetc = 'ssd'", "protofix.toml:1: there is no key `dialetc`: did you mean `dialect`?"),
        ("wibble = 1", "protofix.toml:1: there is no key `wibble`: there are dialect, schema"),
        ("# ours\n\ndialect = 'sssd'", "toml:3: there is no dialect `sssd`: did you mean `ssd`?"),
        ("dialect = 3", "protofix.toml:1: there is no dialect `3`: there are auto, bvlc, "),
        ("schema = 3", "protofix.toml:1: `schema` takes the path of a file"),
        ("dialect = 'ssd'\nschema = 'x'", "protofix.toml:2: give `dialect` or `schema`, not both"),
        ("schema = 'x'\ndialect = 'auto'", "protofix.toml:2: give `dialect` or `schema`, not"),
        ("schema = 'none.desc'", "none.desc: cannot be read: No such file or directory"),
        ("[dialect]\nname = 'ssd'", "protofix.toml:1: there is no dialect `{'name': 'ssd'}`"),
        ("dialect", "protofix.toml:1: Expected '=' after a key in a key/value pair\n"),
        ("\nschema = 'x'\ndialect =\n", "protofix.toml:3: Invalid value\n"),
        ("\nschema = 'x\n", "protofix.toml:2: "),
    ],
    "pyproject.toml": [
        ("[project]\ndialetc = 1\n[tool.protofix]\n'dialetc' = 1", "pyproject.toml:4: there is no"),
        ("[tool]\nprotofix = { dialetc = 1 }", "pyproject.toml: there is no key `dialetc`"),
        (
            "[tool]\nprotofix = 3",
            "pyproject.toml:2: tool.protofix is to be a table: "
            '[tool.protofix], and below it dialect = "ssd"\n',
        ),
    ],
    "setup.cfg": [
        ("[metadata]\n[protofix]\n\nDialect: sdd", "setup.cfg:4: there is no dialect `sdd`"),
        (
            "[x]\n[tool:protofix]\ndialect = ssd",
            "setup.cfg:2: `[tool:protofix]` is not read: write",
        ),
        ("protofix", "setup.cfg:1: File contains no section headers."),
        ("[protofix]\ndialect", "setup.cfg:2: "),
        ("[protofix]\n[protofix]", "setup.cfg:2: section 'protofix' already exists\n"),
    ],
}


@needs_tomllib
@pytest.mark.parametrize(
    ("name", "text", "said"), [(name, *case) for name, cases in REFUSED.items() for case in cases]
)
def test_a_configuration_that_will_not_do(
    name: str, text: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    (folder / name).write_text(text)
    assert main(["check"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err and err.count("\n") == 1


def test_a_schema_without_layers_is_no_mistake_of_ours(folder: Path) -> None:
    file = base_file()
    for message in file.message_type:
        if message.name == "NetParameter":
            del message.field[:]
            message.field.add(name="input", number=3, label=3, type=9)
            message.field.add(name="input_dim", number=4, label=3, type=5)
    kept = [it for it in file.message_type if it.name == "NetParameter"]
    del file.message_type[:]
    file.message_type.extend(kept)
    (folder / "mine.desc").write_bytes(file.SerializeToString())
    net = "input: 'x' " + "input_dim: 1 " * 4
    assert protofix.check(net, schema="mine.desc") == []


BAD = {
    "a dialect": ("dialect = 'foo'", "x/protofix.toml:1: there is no dialect `foo`: there are "),
    "a schema": ("schema = 'none.desc'", "none.desc: cannot be read: No such file or directory"),
}


@needs_tomllib
@pytest.mark.parametrize("what", BAD)
def test_a_bad_configuration_stops_only_its_own_files(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("x", "y"):
        (folder / name).mkdir()
        (folder / name / "a.prototxt").write_text("layer { type: 'Input' top: 'a' nmae: 'a' }")
        (folder / name / "b.prototxt").write_text(PLAIN)
    text, said = BAD[what]
    (folder / "x" / "protofix.toml").write_text(text)
    assert main(["check", "x", "y", "--format", "concise"]) == 2
    out, err = capsys.readouterr()
    assert [line.split(" ")[0] for line in out.splitlines()] == ["y/a.prototxt:1:32:"]
    complaint, summary = err.splitlines()
    assert said in complaint
    assert summary.startswith("1 error in 1 of 2 files; 1 marked ")
    assert "; 2 files could not be checked; " in summary

    assert main(["check", "x", "y", "--format", "json"]) == 2
    assert [found["file"] for found in json.loads(capsys.readouterr().out)] == ["y/a.prototxt"]
    assert main(["check", "x"]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == ["2 files could not be checked"]


def test_what_is_no_file_of_configuration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    config = folder / "protofix.toml"
    right = 'it is to be a file with a line such as dialect = "ssd"\n'
    config.symlink_to("gone.toml")
    assert main(["check"]) == 2
    assert capsys.readouterr().err == f"protofix: protofix.toml: is a link to nothing; {right}"
    config.unlink()
    config.mkdir()
    assert main(["check"]) == 2
    assert capsys.readouterr().err == f"protofix: protofix.toml: is no file; {right}"
    config.rmdir()
    config.write_text("")
    assert main(["check"]) == 0


def test_what_a_schema_has_no_message_for_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = base_file()
    kept = [message for message in file.message_type if message.name != "SolverParameter"]
    del file.message_type[:]
    file.message_type.extend(kept)
    (folder / "mine.desc").write_bytes(file.SerializeToString())
    (folder / "solver.prototxt").write_text("base_lr: 1\nmax_iter: 2\n")
    (folder / "labels.prototxt").write_text("item { label: 1 }\nitem { label: 2 }\n")
    main(["check", "--schema", "mine.desc", "--format", "concise"])
    assert capsys.readouterr().out.splitlines() == [
        "./labels.prototxt:1:1: PF101 unknown-field: there is no message LabelMap in mine.desc: "
        "SSD, NVIDIA 0.17 and Intel have it",
        "./solver.prototxt:1:1: PF101 unknown-field: there is no message SolverParameter in "
        "mine.desc: Caffe 1.0 has it",
    ]


def test_a_configuration_that_is_not_utf8(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(PLAIN)
    (folder / "protofix.toml").write_bytes(b"target = 'fused'\ndialect = '\xff'")
    assert main(["check"]) == 2
    assert capsys.readouterr().err == "protofix: protofix.toml:2: is not UTF-8\n"


def test_the_library_reads_no_configuration(folder: Path) -> None:
    (folder / "protofix.toml").write_text("dialect = 'ssd'")
    assert protofix.check(SEGNET, "net.prototxt") == []
    assert [f.code for f in protofix.check(SEGNET, dialect="ssd")] == ["PF109"]
