"""The Faust agents: thin shells around the decisions in `intent`, `power`, `alerts` and `rollups`."""
