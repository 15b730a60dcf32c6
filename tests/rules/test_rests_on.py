"""What rules say that their findings rest on is what they can be heard to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from shared_data import ROOT

from protofix.linting.checking import EVERYTHING, check_source, context_of
from protofix.looking import written_down
from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.view import NetView
from protofix.reports.rules.manual import manual_of
from protofix.rulebook.context import Context, Target
from protofix.rulebook.registry import RULES
from protofix.rulebook.rule import RestsOn, Rule
from protofix.textproto.source import NotTextError, Source


class Ear:
    """Whether something was looked at."""

    def __init__(self) -> None:
        self.heard = False

    def hears(self) -> None:
        self.heard = True


class HeardFiles(DataFiles):
    """Files of data, heard; what they look at is not looked at by the rule itself."""

    ear = Ear()

    def __getattribute__(self, name: str) -> Any:
        if name == "spoiled":
            HeardFiles.ear.hears()
        return super().__getattribute__(name)

    def _once(self, what: str, name: str, read: Callable[[Path], Any]) -> Any:
        HeardFiles.ear.hears()
        with written_down():
            return super()._once(what, name, read)


class HeardShapes(dict[int, Any]):
    """Shapes or parameters, which data may tell, heard."""

    def __getitem__(self, key: int) -> Any:
        HeardFiles.ear.hears()
        return super().__getitem__(key)

    def get(self, key: int, default: Any = None) -> Any:
        HeardFiles.ear.hears()
        return super().get(key, default)


class HeardBuilt(Built):
    """A net built, heard where it is asked what Caffe refuses."""

    def __getattribute__(self, name: str) -> Any:
        if name == "refusals":
            HeardFiles.ear.hears()
        return super().__getattribute__(name)


def heard_views(context: Context) -> Iterator[NetView]:
    for view in context.views:
        built = (
            HeardBuilt(
                it.graph, HeardShapes(it.shapes), HeardShapes(it.params), it.refusals, it.swapped
            )
            for it in view.built
        )
        yield NetView(view.net, tuple(built), view.others)


def looks_of(rule: Rule, context: Context, views: tuple[NetView, ...]) -> RestsOn:
    """What a rule looks at in a document whose nets have been built."""
    heard = replace(context, files=HeardFiles(context.document.source.path))
    vars(heard)["views"] = views
    HeardFiles.ear = Ear()
    with written_down() as looks:
        list(rule.findings(heard))
    return "files" if looks else "data" if HeardFiles.ear.heard else "text"


TEXTS = {
    **{
        f"{rule.code}-{number}.prototxt": text
        for rule in RULES
        for manual in [manual_of(rule)]
        for number, text in enumerate((*manual.wrong, *manual.right))
    },
    **{
        str(path): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted((ROOT / "fixtures").rglob("*.prototxt"))
        if path.stat().st_size < 8000
    },
}


@cache
def heard() -> dict[str, set[RestsOn]]:
    """What each rule is heard to look at, by its code, over all texts and on either Caffe."""
    found: dict[str, set[RestsOn]] = {rule.code: set() for rule in RULES}
    for path, text in TEXTS.items():
        try:
            context = context_of(Source(text, path), EVERYTHING)
        except NotTextError:
            continue
        views = tuple(heard_views(context))
        for target in get_args(Target):
            of_target = replace(context, target=target)
            for rule in RULES:
                if not rule.last and rule.has_work(context):
                    found[rule.code].add(looks_of(rule, of_target, views))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_rests_on_what_it_looks_at(rule: Rule) -> None:
    kinds: tuple[RestsOn, ...] = ("files", "data")
    assert next((it for it in kinds if it in heard()[rule.code]), "text") == rule.rests_on


LOSS = """layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 } }
# protofix: ignore[PF324]
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
LISTED = """layer { name: "data" type: "ImageData" top: "data" top: "label"
  image_data_param { source: "list.txt" batch_size: 1 new_height: 8 new_width: 8 } }
"""
H5 = """layer { name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "list.txt" batch_size: 1 } }
"""
FED = """layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 1 dim: 3 } shape { dim: 1 } } }
"""
MODULE = """# protofix: ignore[PF604]
layer { name: "data" type: "Python" top: "data" python_param { module: "m" layer: "L" } }
"""
SOLVER = """# protofix: ignore[PF701]
net: "net.prototxt"
base_lr: 0.1 lr_policy: "fixed" max_iter: 9
"""
# A text with a comment, the files beside it, and whether the comment is said to be unused.
COMMENTS: dict[str, tuple[str, dict[str, str], bool]] = {
    "labels that are not there": (LISTED + LOSS, {}, False),
    "labels that are too large": (LISTED + LOSS, {"list.txt": "a.png 3\n"}, False),
    "labels that are right": (LISTED + LOSS, {"list.txt": "a.png 2\n"}, True),
    "a list that names no file": (H5 + LOSS, {"list.txt": "x.h5\n"}, False),
    "a net without data": (FED + LOSS, {}, True),
    "a module that is not there": (MODULE, {}, False),
    "a solver's net that is not there": (SOLVER, {}, False),
    "a solver's net that is there": (SOLVER, {"net.prototxt": FED}, False),
    "a rule of the text": (LISTED + LOSS.replace("PF324", "PF301"), {}, True),
    "a family": (LISTED + LOSS.replace("PF324", "PF3"), {}, False),
    "a text that is not whole": (FED + LOSS + "layer {\n", {}, False),
}


@pytest.mark.parametrize("case", COMMENTS)
def test_what_may_be_found_elsewhere_is_not_unused(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, beside, unused = COMMENTS[case]
    monkeypatch.chdir(tmp_path)
    for name, content in beside.items():
        Path(name).write_text(content)
    found = check_source(Source(text, "own.prototxt")).findings
    assert ("PF902" in [it.code for it in found]) is unused
