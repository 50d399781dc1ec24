"""Streams: pure decisions (intent, power, alerts, rollups) and the Faust app around them."""
