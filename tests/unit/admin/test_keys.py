import re

from hxi.admin.projects import PREFIX_LENGTH, hash_key, new_key


def test_a_key_is_gs_and_at_least_32_random_url_safe_characters() -> None:
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch(r"gs_[A-Za-z0-9_-]{32,}", key) for key in keys)


def test_only_the_hash_and_a_short_prefix_are_for_the_store() -> None:
    key = "gs_" + "a" * 32
    # printf gs_aaa… | sha256sum
    assert hash_key(key) == "259522e334e76cbf9a002cb8f146caa6fe19b375b5fcf6f64bcfc503c9c629cd"
    assert PREFIX_LENGTH <= 12
