"""The rules: one a file, each with what is wrong, why it matters and how to mend it."""
