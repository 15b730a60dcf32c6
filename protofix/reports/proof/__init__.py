"""What `protofix prove` shows: text, JSON and a page."""
