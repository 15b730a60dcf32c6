"""Layer types of forks: shapes, parameters, and what the forks would refuse.

Where forks share the name of a type but not what it does, what is common to them holds, only what
all of them refuse is refused, and the fields that are written may tell which of them is meant.
"""
