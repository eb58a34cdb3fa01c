"""What any warehouse needs, embedded or not: addresses, schemas, projects, keys, access, status."""
