"""Prototxt in old formats to today's: a step a file, each from items of a net to new ones."""
