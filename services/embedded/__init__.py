"""The platform without servers: an embedded broker and Valkey, supervised, behind `pumpwatch up`."""
