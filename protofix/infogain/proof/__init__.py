"""Two nets held against each other: the structure read again, the numbers side by side."""
