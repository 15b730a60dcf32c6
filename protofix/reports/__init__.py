"""Reports: what was found or done, as text for people and as JSON for programs."""
