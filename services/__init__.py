"""The processes at the edge: pumps, board, metrics, the embedded platform and the `pumpwatch` command."""
