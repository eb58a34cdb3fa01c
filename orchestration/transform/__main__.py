"""Parses the dbt project for both targets, which then cost the first run no more than a look."""

from orchestration.transform.project import CLICKHOUSE, POSTGRES

if __name__ == "__main__":
    for project in (CLICKHOUSE, POSTGRES):
        project.parsed()
