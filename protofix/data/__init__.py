"""The binary files that nets read: databases, HDF5, images; and counting the labels in them."""
