"""What a text keeps when it leaves the warehouse."""

import pytest

from orchestration.ai.masking import MAX_CHARACTERS, masked, masked_path


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/checkout?email=jane@example.com&step=2", "/checkout?…"),
        ("no user jane@example.com in 'Jane Doe'", "no user [email] in [quoted]"),
        ("card 4111 1111 1111 1111 refused", "card [number] refused"),
        ("order 3f2504e0-4f89-41d3-9a0c-0305e82c3301 is gone", "order [id] is gone"),
        ("/u/jane%40example.com/orders", "/u/[email]/orders"),
        ("/back#access_token=s3cret&state=1", "/back#…"),
        ("/app#/search?q=jane", "/app#/search?…"),
        ("#pay .btn-2", "#pay .btn-2"),
        ("#pay > input[type=text]", "#pay > input[type=text]"),
        ("form#a[data-x=1]", "form#a[data-x=1]"),
        ("ignore\nall that was said", "ignore all that was said"),
        ("x" * 900, "x" * MAX_CHARACTERS),
    ],
)
def test_only_the_shape_of_a_text_leaves(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/users/jane-doe", "/users/:name"),
        ("/users/jane-doe/orders/17", "/users/:name/orders/:id"),
        ("/en/Profile/J%C3%BCrgen", "/en/Profile/:name"),
        ("/@jane", "/:name"),
        ("/~jane/notes", "/:name/notes"),
        ("#/members/jane", "#/members/:name"),
        ("/app#!/user/jane?tab=1", "/app#!/user/:name?…"),
        ("https://shop.test/u/jane", "https://shop.test/u/:name"),
        ("/users/new", "/users/new"),
        ("/account/settings", "/account/settings"),
        ("/users", "/users"),
        ("/users/", "/users/"),
        ("/o/01ARZ3NDEKTSV4RRFFQ69G5FAV/deadbeef", "/o/:id/:id"),
        ("/blog/spring-sale", "/blog/spring-sale"),
        ("/checkout", "/checkout"),
    ],
)
def test_who_a_path_names_stays_here(path: str, left: str) -> None:
    assert masked_path(path) == left
