"""The structure of a rewritten net: a rewrite that is wrong must be seen."""

from __future__ import annotations

import pytest

import protofix
from caffe_proto import base_schema
from protofix.infogain.fuse import FuseResult, fuse
from protofix.infogain.proof.structure import left_over, reading_problems, structure_problems
from protofix.textproto.tree import Document

NET = """layer { name: "data" type: "Data" top: "data" top: "label" }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 4 } }
layer { name: "other" type: "InnerProduct" bottom: "data" top: "other" inner_product_param { num_output: 4 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
layer { name: "accuracy" type: "Accuracy" bottom: "prob" bottom: "label" top: "accuracy" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss" infogain_loss_param { source: "H" } LOSS_PARAM }
"""  # noqa: E501


def fused(loss_param: str = "") -> tuple[Document, FuseResult]:
    before = protofix.parse(NET.replace("LOSS_PARAM", loss_param))
    return before, fuse(before)


def broken(result: FuseResult, old: str, new: str) -> Document:
    assert old in result.document.text
    return protofix.parse(result.document.text.replace(old, new))


def test_a_right_rewrite_has_no_problem() -> None:
    before, result = fused()
    assert structure_problems(before, result.document, base_schema()) == []
    assert reading_problems(before, result.document, result.plan) == []
    assert left_over(result.document, result.plan.refused) == []


WRONG = {
    "reads a blob nobody makes": ('bottom: "fc" bottom: "label"', 'bottom: "nc" bottom: "label"'),
    "does not fit the schema": ('source: "H"', 'sauce: "H"'),
    "is no text any more": ('source: "H"', "source: "),
    "makes a blob twice": ('top: "accuracy"', 'top: "fc"'),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_structure_is_seen(what: str) -> None:
    before, result = fused()
    assert structure_problems(before, broken(result, *WRONG[what]), base_schema())


MISREAD = {
    "the loss reads other scores": ('bottom: "fc" bottom: "label" top: "loss"',
                                    'bottom: "other" bottom: "label" top: "loss"'),
    "another layer reads something else": ('bottom: "prob" bottom: "label"',
                                           'bottom: "fc" bottom: "label"'),
    "a layer is gone": ('name: "accuracy"', 'name: "precision"'),
}  # fmt: skip


@pytest.mark.parametrize("what", MISREAD)
def test_what_is_read_is_seen(what: str) -> None:
    before, result = fused()
    assert reading_problems(before, broken(result, *MISREAD[what]), result.plan)


def test_a_chain_left_over_is_seen() -> None:
    before, _ = fused()
    assert left_over(before, ()) == ["the chain of `loss` is still there"]
