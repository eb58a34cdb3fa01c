"""The last stage: brings marts to PostgreSQL (landing) and merges what dbt shapes into hxi."""
