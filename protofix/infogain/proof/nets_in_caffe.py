"""Proving two nets with an installed Caffe: the same batches, the same table."""

from __future__ import annotations

from dataclasses import replace

from protofix.infogain.proof.caffe_engine import TOLERANCE, CaffeEngine
from protofix.infogain.proof.heads import Batch, Era, Head, Outcome
from protofix.infogain.proof.matrices import LossMatrix
from protofix.infogain.proof.nets import ProofOptions, prove_nets
from protofix.infogain.proof.results import Proof
from protofix.infogain.proof.trials import compute_head, h_of
from protofix.textproto.tree import Document


def prove_in_caffe(old: Document, new: Document, target: Era) -> Proof:
    """Prove as `prove_nets` does, the heads computed by the pycaffe that is installed.

    What that Caffe has no layer for, the InfogainLoss of the other era, is computed by formulas.
    Numbers are float32's, and so is the tolerance.

    Raises `CaffeError` if there is no pycaffe, or it cannot be run.
    """
    with CaffeEngine() as engine:

        def compute(head: Head, era: Era, batch: Batch, matrix: LossMatrix) -> Outcome:
            if batch.softmax_axes or not engine.has_loss_of(head, era):
                return compute_head(head, era, batch, matrix)
            return engine.run(head, batch, lambda classes: h_of(head, batch, matrix, classes))

        options = ProofOptions(target=target, compute=compute, tolerance=TOLERANCE)
        era = "before April 2017" if engine.info.era == "legacy" else "since April 2017"
        name = f"pycaffe {engine.info.version}, whose InfogainLoss is that {era}"
        return replace(prove_nets(old, new, options), engine=name)
