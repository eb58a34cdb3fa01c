"""Recordings of real visits, loaded through ingest: everything lands once, in both stores."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pymongo
import pytest
from clickhouse_connect.driver.client import Client

from stack.embedded import Stack
from stack.endpoints import Endpoints
from stack.load import load_files
from stack.load.loading import Options, load_with
from tests.conftest import TestProject

EVENTS = 1_425


@pytest.fixture
def own(stack: Stack, project: TestProject) -> Endpoints:
    """The session's stack as a fresh project sees it."""
    return replace(stack.endpoints, project_id=project.id, project_key=project.key)
