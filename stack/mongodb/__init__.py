"""The embedded MongoDB: nx-27017 with durable, fast inserts and with answers that are right."""
