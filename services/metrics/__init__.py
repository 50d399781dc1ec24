"""Prometheus metrics of the whole platform, from the read model, and whether the pipeline makes progress."""
