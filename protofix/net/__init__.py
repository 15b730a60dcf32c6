"""Nets as Caffe builds them: fitting the schema, states, and who makes and reads each blob."""
