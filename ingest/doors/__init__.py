"""The ways in: gRPC and HTTP over one intake, and what is asked of a running ingest."""
