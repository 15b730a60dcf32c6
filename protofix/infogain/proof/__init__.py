"""The proof after a rewrite: its structure read again, its numbers computed side by side."""
