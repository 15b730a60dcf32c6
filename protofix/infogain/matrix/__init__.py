"""The infogain matrix H: read, written, checked, made of counts and costs."""
