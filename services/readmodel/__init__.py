"""What the processes at the edge read from Redis: open alerts, the fleet, rollups, the pipeline's progress."""
