"""Binary nets (`.caffemodel`) to today's format, by splicing the wire format."""
