"""The ingest service: takes event batches from SDKs, keeps them safe, lands them in both stores."""
