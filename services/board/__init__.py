"""The board: one live page of open alerts and the fleet, its JSON API and its stream, behind a login."""
