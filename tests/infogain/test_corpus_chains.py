"""Legacy chains put into nets of the corpus, and what must become of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from shared_data import SHARED, corpus_files, corpus_id, needs_shared

import protofix
from protofix.infogain.proof.results import Verdict
from protofix.infogain.sources import FromLabels

pytestmark = needs_shared

LEGACY = """layer {{
  name: "{loss}/prob"
  type: "Softmax"
  bottom: "{scores}"
  top: "{loss}/prob"
}}
layer {{
  name: "{loss}"
  type: "InfogainLoss"
  bottom: "{loss}/prob"
  bottom: "label"
  top: "{top}"
{rest}}}
"""

FUSED = """layer {{
  name: "{loss}"
  type: "InfogainLoss"
  bottom: "{scores}"
  bottom: "label"
  top: "{top}"
{rest}}}
"""

PLAIN = FUSED.replace("InfogainLoss", "SoftmaxWithLoss")

SOURCE = """  infogain_loss_param {
    source: "H.binaryproto"
  }
"""


def corpus(name: str) -> str:
    return (SHARED / "corpus" / name).read_text(encoding="utf-8")


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def test_caffenet() -> None:
    net = corpus("caffe-1.0/models/bvlc_reference_caffenet/train_val.prototxt")
    names = {"loss": "loss", "top": "loss", "scores": "fc8"}
    plain = PLAIN.format(**names, rest="")
    before = replaced(net, plain, LEGACY.format(**names, rest=SOURCE))
    after = replaced(net, plain, FUSED.format(**names, rest=SOURCE))
    migration = protofix.migrate(before)
    assert migration.after.text == after
    assert migration.complete
    [proof] = migration.proof.losses
    assert proof.batches[-1].shape == (32, 1000)
    assert proof.verdict == Verdict.EQUAL_BUT_UNDERFLOW


def test_googlenet_with_three_losses() -> None:
    net = before = after = corpus("caffe-1.0/models/bvlc_googlenet/train_val.prototxt")
    for loss, top, scores, weight in (
        ("loss1/loss", "loss1/loss1", "loss1/classifier", "0.3"),
        ("loss2/loss", "loss2/loss2", "loss2/classifier", "0.3"),
        ("loss3/loss3", "loss3/loss3", "loss3/classifier", "1"),
    ):
        names = {"loss": loss, "top": top, "scores": scores}
        weighted = f"  loss_weight: {weight}\n"
        plain = PLAIN.format(**names, rest=weighted)
        before = replaced(before, plain, LEGACY.format(**names, rest=weighted + SOURCE))
        after = replaced(after, plain, FUSED.format(**names, rest=weighted + SOURCE))
    assert before != net
    migration = protofix.migrate(before)
    assert migration.after.text == after
    assert migration.complete
    assert len(migration.proof.losses) == 3
    assert protofix.migrate(after).after.text == after


def test_googlenet_takes_one_compute_h_for_its_three_losses() -> None:
    net = corpus("caffe-1.0/models/bvlc_googlenet/train_val.prototxt")
    migration = protofix.migrate(net.replace("SoftmaxWithLoss", "InfogainLoss"), way=FromLabels())
    assert migration.after.text.count('layer: "ComputeH"') == 1
    assert migration.after.text.count('bottom: "infogain_H"') == 3
    assert '{"classes": 1000}' in migration.after.text
    assert not migration.proof.problems


FCN = "fcn/voc-fcn32s/train.prototxt"
FCN_REST = """  loss_param {
    ignore_label: 255
    normalize: false
  }
"""


def test_fully_convolutional_net_stays_as_it_is() -> None:
    names = {"loss": "loss", "top": "loss", "scores": "score"}
    plain = PLAIN.format(**names, rest=FCN_REST)
    before = replaced(corpus(FCN), plain, LEGACY.format(**names, rest=FCN_REST + SOURCE))
    migration = protofix.migrate(before)
    assert migration.after.text == before
    assert not migration.complete
    assert [o.kind for chain in migration.refused for o in chain.obstacles] == ["maybe-map"]


def test_fully_convolutional_net_is_fused_on_request() -> None:
    names = {"loss": "loss", "top": "loss", "scores": "score"}
    plain = PLAIN.format(**names, rest=FCN_REST)
    kept = "  loss_param {\n    ignore_label: 255\n  }\n"
    axis = SOURCE.replace("  }\n", "    axis: 1\n  }\n")
    before = replaced(corpus(FCN), plain, LEGACY.format(**names, rest=FCN_REST + axis))
    after = replaced(corpus(FCN), plain, FUSED.format(**names, rest=kept + axis))
    migration = protofix.migrate(before, maps=True)
    assert migration.after.text == after
    assert [proof.verdict for proof in migration.proof.losses] == [Verdict.NOT_COMPARABLE]
    assert migration.complete


@pytest.mark.parametrize("path", corpus_files(), ids=corpus_id)
def test_a_net_without_a_chain_is_left_alone(path: Path) -> None:
    data = path.read_bytes()
    try:
        migration = protofix.migrate(data, str(path))
    except ValueError as error:
        # Solvers, label maps and files with mistakes are refused in one line that names them.
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
        assert re.search(
            r"is a solver|is a label map|not a Caffe net|found `\$`|`\$` has no place", str(error)
        )
        return
    assert not migration.changed
    assert migration.complete
