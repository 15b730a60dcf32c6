"""The rules put to work on files: one text checked and mended, a baseline, a cache, walking."""
