"""The rules themselves: their manual pages and their list."""
