"""Hourly sums by hospital, care area and drug, kept as partial sums of one source partition."""
