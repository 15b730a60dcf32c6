"""Old formats to today's: prototxt by edits on the text, `.caffemodel` by splicing bytes."""
