"""Projects keep recordings as they say: moved to a bucket in time, and read back from there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from hxi.admin import projects
from hxi.expire import expire
from hxi.replay import replay
from orchestration.retention.moved import delete_moved
from tests.integration.retention.bucket import Bucket, bucket
from tests.integration.retention.retention_events import SECOND, recorded_visit, session
from tests.integration.retention.retention_story import Life, Seen

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Story:
    """Recordings of one project, before and after what should have moved them."""

    life: Life
    played: list[object]
    away: Seen
    moved: Seen
    played_again: list[object]
    files: list[str]
    other: Seen


@pytest.fixture(scope="module")
def served() -> Iterator[Bucket]:
    with bucket() as served, pytest.MonkeyPatch.context() as patch:
        for name, value in served.environment.items():
            patch.setenv(name, value)
        yield served


@pytest.fixture(scope="module")
def story(life: Life, served: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One project moves what is older than no time at all; the other keeps the default 7 days."""
    folder = tmp_path_factory.mktemp("recordings")
    other = Life(projects.create(life.served.postgres, "keeps")[0], life.mongo, life.served)
    settings = {"replay": "cold", "replayDays": 0}
    projects.store_section(life.served.postgres, life.project, "storage", settings)
    other.land(recorded_visit("other", SECOND))
    life.land(recorded_visit("young", SECOND))
    life.run()
    played = recording(life, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HXI_COLD_STORAGE_URL", "s3://nowhere/x")
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        patch.setattr("orchestration.retention.cold.RETRIES", {"max_retries": 0})
        gone()
        away = life.look()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HXI_COLD_STORAGE_URL", "s3://cold/warehouse")
        gone()
        again = recording(life, folder)
        yield Story(
            life, played, away, life.look(), again, sorted(served.objects), other.look()
        )  # fmt: skip


def gone() -> None:
    answer = CliRunner().invoke(expire, [], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output


def recording(life: Life, folder: Path) -> list[object]:
    """What `hxi replay` writes."""
    out = folder / "r.json"
    arguments = [session("young"), "--project", life.project, "--out", str(out)]
    answer = CliRunner().invoke(replay, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return list(json.loads(out.read_text()))


def test_a_recording_that_was_moved_is_read_back_as_it_was(story: Story) -> None:
    assert len(story.played) == 2
    assert story.played_again == story.played
    assert story.files == [f"cold/warehouse/{story.life.project}/{session('young')}.json.gz"]


def test_it_has_left_every_store(story: Story) -> None:
    assert story.moved.raw == {"events": 3, "replay_chunks": 0}
    assert story.moved.documents["replay_chunks"] == 0
    assert story.moved.of("gosight.replay_chunks", "young") == []
    assert story.moved.ledger == []


def test_while_cold_storage_is_away_recordings_stay(story: Story) -> None:
    assert story.away.raw["replay_chunks"] == 2
    assert len(story.away.of("gosight.replay_chunks", "young")) == 2


def test_another_project_keeps_its_own_time(story: Story) -> None:
    assert story.other.raw["replay_chunks"] == 2


def test_what_is_erased_leaves_cold_storage(story: Story, served: Bucket) -> None:
    client = story.life.served.clickhouse
    delete_moved(client, f"SELECT '{story.life.project}', toUUID('{session('young')}')")
    assert served.objects == {}
