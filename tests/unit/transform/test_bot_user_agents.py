"""The seed of bots' user agents is what the pinned package has."""

from orchestration.transform.bot_user_agents import SEED, seed_text


def test_the_seed_is_the_packages_list() -> None:
    assert SEED.read_text() == seed_text(), "python -m orchestration.transform.bot_user_agents"
