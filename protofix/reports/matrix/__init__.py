"""Infogain matrices shown to people: as a table, as JSON, and drawn."""
