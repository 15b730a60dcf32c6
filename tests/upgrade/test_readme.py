"""The README's upgrade, before, after, and as Caffe's tool leaves it, is what happens."""

from __future__ import annotations

import re

from google.protobuf import text_format
from shared_data import ROOT

import protofix
from caffe_proto import base_schema

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```prototxt\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_upgrade_shown_is_the_one_made() -> None:
    before, after, caffe = BLOCKS
    assert protofix.upgrade_text(before).after.text == after
    message = base_schema().message_class("NetParameter")
    made = text_format.Parse(after, message())
    assert made == text_format.Parse(caffe, message())
    # Caffe's tool prints the message anew: whole numbers without a fraction, fields by number.
    assert caffe == re.sub(r"\.0$", "", text_format.MessageToString(made), flags=re.MULTILINE)
