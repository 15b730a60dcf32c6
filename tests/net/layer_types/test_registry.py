"""Every type of layer has its rule, in the file that the registry names."""

from __future__ import annotations

from importlib import import_module

import pytest
from shared_data import ROOT

from caffe_proto import DIALECTS, FORK_LAYERS, LAYERS, layer_types
from protofix.net.layer_types.registry import FAMILIES, rule_of
from protofix.net.layers import PADDING


@pytest.mark.parametrize("file", FAMILIES)
def test_the_types_of_a_file_are_those_named(file: str) -> None:
    family = import_module(f"protofix.net.layer_types.{file}")
    assert set(FAMILIES[file]) == family.RULES.keys()
    assert all(rule_of(type) is family.RULES[type] for type in FAMILIES[file])


def test_no_file_is_forgotten() -> None:
    folder = ROOT / "protofix" / "net" / "layer_types"
    files = {
        path.relative_to(folder).with_suffix("").as_posix().replace("/", ".")
        for path in folder.rglob("*.py")
        if "\nRULES: " in path.read_text()
    }
    assert files == FAMILIES.keys()


@pytest.mark.parametrize("type", [*LAYERS, *FORK_LAYERS, PADDING])
def test_each_type_has_a_rule(type: str) -> None:
    assert rule_of(type) is not None


def test_no_fork_gives_a_type_of_caffe_other_facts() -> None:
    assert FORK_LAYERS.keys().isdisjoint(LAYERS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_types_of_each_dialect_are_known(dialect: str) -> None:
    assert layer_types(dialect) <= LAYERS.keys() | FORK_LAYERS.keys()
