"""People look: a read-only web application over the marts, for those who write no SQL."""
