"""The findings of `protofix check`, for people and for programs."""
