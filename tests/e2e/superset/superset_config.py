"""Superset as the tests run it: its own database is a file, nothing listens."""

import os

SECRET_KEY = os.environ["SUPERSET_TEST_SECRET"]
SQLALCHEMY_DATABASE_URI = os.environ["SUPERSET_TEST_DATABASE"]
