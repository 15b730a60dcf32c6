"""Two nets as their files have them, in whatever format, proven loss by loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from caffe_proto import base_schema
from protofix.infogain.proof.heads import Era, refuse_unknown_era
from protofix.infogain.proof.matrices import matrix_problems
from protofix.infogain.proof.nets import ProofOptions, prove_nets
from protofix.infogain.proof.pairs import UNMADE
from protofix.infogain.proof.results import Proof
from protofix.infogain.proof.structure import new_refusals, structure_problems
from protofix.migration import refuse_mixed, refuse_what_is_no_net
from protofix.textproto.tree import Document
from protofix.upgrade.text.document import upgrade_document

Engine = Literal["numpy", "caffe"]


class ProvingError(ValueError):
    """Two nets cannot be held against each other; the message is one line that says why."""


def prove_documents(
    old: Document, new: Document, target: Era = "fused", engine: Engine = "numpy"
) -> Proof:
    """Hold each loss of a net against the one of another net, in each state.

    What is wrong with the new net and was not with the old one is among the proof's problems. Nets
    in old formats are upgraded for it, which changes no number. With the engine "caffe" the
    pycaffe that is installed computes.

    Raises `MigrationError` for a file that is no net, `UpgradeError` for one that cannot be
    upgraded, `ProvingError` for nets that Caffe refuses or that have no loss, `CaffeError` if there
    is no pycaffe, and ValueError for a target or an engine that is none.
    """
    refuse_unknown_era(target)
    if engine not in get_args(Engine):
        raise ValueError(f'the engine is "numpy" or "caffe", not {engine!r}')
    before, after = _upgraded(old), _upgraded(new)
    if engine == "caffe":
        from protofix.infogain.proof.nets_in_caffe import prove_in_caffe

        proof = prove_in_caffe(before, after, target)
    else:
        proof = prove_nets(before, after, ProofOptions(target=target))
    mistakes = [
        *structure_problems(before, after, base_schema()),
        *new_refusals(before, after),
        *matrix_problems(after, target),
    ]
    proof = replace(proof, problems=(*dict.fromkeys(mistakes), *proof.problems))
    if proof.losses and all(UNMADE in loss.causes for loss in proof.losses):
        raise ProvingError(f"{new.source.path}: {UNMADE}")
    if not proof.losses and not proof.problems:
        raise ProvingError(
            f"{new.source.path}: has no loss in any state, so there is nothing to prove"
        )
    return proof


def _upgraded(document: Document) -> Document:
    refuse_what_is_no_net(document, base_schema())
    refuse_mixed(document, ProvingError)
    return upgrade_document(document).after
