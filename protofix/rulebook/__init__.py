"""What all rules share: what they are given, what they find, how they are named and run."""
