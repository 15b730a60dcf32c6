"""Nets in Graphviz's language."""

from __future__ import annotations

from protofix.reports.show.dot import dot
from protofix.reports.show.drawing import drawings
from protofix.showing import show
from protofix.textproto.source import Source

NET = r"""name: "a \"net\""
layer { name: "d" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "b1/fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 2 } }
layer { name: "b1/\\N" type: "Softmax" bottom: "fc" top: "prob" include { phase: TEST } }
"""

DOT = r"""digraph net {
  graph [label="n.prototxt: a \"net\"\nstates: TRAIN | TEST", labelloc="t", fontname="Helvetica", newrank="true"]
  node [shape="box", style="filled,rounded", fontname="Helvetica", fontsize="11"]
  edge [fontname="Helvetica", fontsize="9", color="#57606a"]
  subgraph "cluster_n0_0" {
    graph [label="b1", style="rounded,filled", fillcolor="#f6f8fa", color="#c4cad2"]
    "n0_1" [label="b1/fc\nInnerProduct 2\nfc 1×2\noutput", fillcolor="#e0dbf8", color="#7157b8", style="filled,rounded", penwidth="3"]
    "n0_2" [label="b1/\\N\nSoftmax\nprob 1×2\noutput\nTEST only", fillcolor="#fcf3c9", color="#a13d00", style="filled,rounded,dotted", penwidth="3"]
  }
  "n0_0" [label="d\nInput\ndata 1×3", fillcolor="#e6e8eb", color="#6b7280", style="filled,rounded"]
  "n0_0" -> "n0_1" [tooltip="data"]
  "n0_1" -> "n0_2" [tooltip="fc", color="#a13d00", style="dotted", penwidth="2"]
  subgraph "cluster_legend" {
    graph [label="legend", color="#c4cad2"]
    "legend0" [label="data", fillcolor="#e6e8eb", color="#6b7280"]
    "legend1" [label="fully connected, recurrent", fillcolor="#e0dbf8", color="#7157b8"]
    "legend2" [label="activation, normalisation", fillcolor="#fcf3c9", color="#a58a1c"]
    "legend3" [label="in TEST only", fillcolor="white", color="#a13d00", style="filled,rounded,dotted", penwidth="2"]
    "legend4" [label="loss or output", fillcolor="white", penwidth="3"]
    "legend0" -> "legend1" [style="invis"]
    "legend1" -> "legend2" [style="invis"]
    "legend2" -> "legend3" [style="invis"]
    "legend3" -> "legend4" [style="invis"]
  }
}
"""  # noqa: E501


def test_a_net_is_a_digraph_with_clusters_and_a_legend() -> None:
    assert dot(drawings(show(Source(NET, "n.prototxt")).facts)) == DOT
