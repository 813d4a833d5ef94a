"""Samples to ISO base media: boxes, init segments, fragments. Pure."""
