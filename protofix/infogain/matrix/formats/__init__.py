"""The forms in which H is kept, one a file: how each is read and written."""
