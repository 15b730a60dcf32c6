"""What each type of layer makes of its bottoms and what it refuses, one family of types a file."""
