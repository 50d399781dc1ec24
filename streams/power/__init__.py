"""Infusing while unplugged: episodes per pump in event time, why they happened, and when the battery is empty."""
