"""Protobuf's text format: the grammar, the lossless tree, literals and edits. Knows no Caffe."""
