"""Measures the intent model on real values from hospitals it has not seen, with slips from the simulator."""
