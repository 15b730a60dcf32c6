"""The proof itself: it must see a rewrite that is wrong, and tell numbers that differ."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import protofix
from caffe_proto import base_schema
from protofix.infogain.fuse import FuseResult, fuse
from protofix.infogain.losses import infogain_losses
from protofix.infogain.maths import LossResult, fused_loss
from protofix.infogain.proof.chain_proof import prove_loss
from protofix.infogain.proof.structure import left_over, reading_problems, structure_problems
from protofix.infogain.sources import GivenMatrix
from protofix.net.layers import bind
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


def proofs(loss_param: str, kept: str) -> tuple[str, tuple[str, ...], bool]:
    """Prove the fused loss with another `loss_param` than fusing gave it."""
    _, result = fused(loss_param)
    [chain] = result.plan.chains
    text = result.document.text.replace('{ source: "H" }', '{ source: "H" } ' + kept)
    document = protofix.parse(text)
    [loss] = infogain_losses(bind(document))
    matrix = GivenMatrix(np.diag([1.0, 2.0, 3.0, 4.0]), "H")
    proof = prove_loss(chain, document, loss, matrix)
    assert proof.before is not None
    return proof.verdict, proof.causes, proof.holds


def test_equal_numbers() -> None:
    assert proofs("", "") == ("equal", (), True)
    assert proofs("", "loss_param { normalization: BATCH_SIZE }") == ("equal", (), True)
    assert proofs("", "loss_param { normalization: FULL ignore_label: 9 }") == ("equal", (), True)


def test_numbers_that_differ_are_told_by_their_cause() -> None:
    verdict, causes, holds = proofs("", "loss_param { normalization: NONE }")
    assert (verdict, holds) == ("different", True)
    assert causes == ("normalization NONE: the old layer divided by the batch",)
    verdict, causes, _ = proofs("", "loss_param { ignore_label: 2 }")
    assert (verdict, causes) == ("different", ("ignore_label 2: the old layer ignored none",))


def test_a_difference_without_a_cause_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def slightly_wrong(*arguments: Any, **options: Any) -> LossResult:
        right = fused_loss(*arguments, **options)
        return dataclasses.replace(right, gradient=right.gradient * 1.00001)

    monkeypatch.setattr("protofix.infogain.proof.chain_proof.fused_loss", slightly_wrong)
    _, result = fused()
    [chain] = result.plan.chains
    [loss] = infogain_losses(bind(result.document))
    proof = prove_loss(chain, result.document, loss, GivenMatrix(np.eye(4), "H"))
    assert proof.verdict == "different"
    assert not proof.holds


def test_todays_column_is_that_of_the_old_file() -> None:
    _, result = fused("loss_param { normalization: NONE }")
    [chain] = result.plan.chains
    [loss] = infogain_losses(bind(result.document))
    none = prove_loss(chain, result.document, loss, GivenMatrix(np.eye(4), "H")).today
    _, plain = fused()
    [chain] = plain.plan.chains
    valid = prove_loss(chain, result.document, loss, GivenMatrix(np.eye(4), "H")).today
    assert none is not None
    assert valid is not None
    assert none.loss == pytest.approx(32 * valid.loss)


def test_today_aborts_on_normalize() -> None:
    _, result = fused("loss_param { normalize: true }")
    [chain] = result.plan.chains
    [loss] = infogain_losses(bind(result.document))
    assert prove_loss(chain, result.document, loss).today is None
