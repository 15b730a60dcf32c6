"""Runs for the tests of reports: texts that were checked, and findings made by hand."""

from __future__ import annotations

from protofix.linting.checking import Failed, check_source
from protofix.reports.findings.run import Run
from protofix.rulebook.findings import Checked, Finding, Fix, Severity
from protofix.textproto.source import Source

CHAIN = """\
layer { name: "data" type: "Python" top: "data" top: "label" top: "H"
        python_param { module: "leaves" layer: "Leaves" } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" bottom: "H" top: "loss" }
"""


def checked(text: str, path: str = "net.prototxt") -> Checked:
    """What the rules find in a text."""
    return check_source(Source(text, path))


def holding(text: str, *findings: Finding, path: str = "net.prototxt") -> Checked:
    """A text with findings made by hand."""
    return Checked(Source(text, path), findings, "NetParameter", "bvlc", "Caffe 1.0", frozenset())


def found(
    start: int,
    end: int,
    message: str = "is wrong: write it anew",
    severity: Severity = "error",
    fix: Fix | None = None,
) -> Finding:
    """A finding made by hand, of the rule PF301."""
    return Finding(start, end, "PF301", "unmade-blob", message, severity, fix)


def run(*checked: Checked, failed: tuple[Failed, ...] = ()) -> Run:
    """A run of texts, and of files that could not be checked."""
    return Run(checked, failed)
