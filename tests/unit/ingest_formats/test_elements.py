"""Elements as SDKs tell them: chains of text, objects and recorded documents mean one target."""

import pytest

from ingest.formats.elements import Element, chain_of_objects, chain_of_text, selector, target

BUTTON = Element("button", {"id": "buy", "class": "btn big"}, "Buy", 2)


@pytest.mark.parametrize(
    ("chain", "wanted"),
    [
        ([BUTTON], "#buy"),
        ([Element("i", {}, "", 1), BUTTON], "#buy > i:nth-of-type(1)"),
        ([Element("a", {"id": "1st"})], 'a[id="1st"]'),
        ([Element("p", {"class": "x y"}, "", 3), Element("body")], "body > p.x.y:nth-of-type(3)"),
        ([Element("p", {"class": "w-[3px] ok"})], "p.ok"),
    ],
)
def test_a_selector_begins_at_the_nearest_id(chain: list[Element], wanted: str) -> None:
    assert selector(chain) == wanted


def test_a_click_on_the_icon_of_a_button_is_on_the_button() -> None:
    hit = target([Element("svg"), Element("span", {}, "Buy now"), BUTTON, Element("body")])
    assert (hit["tag"], hit["selector"], hit["text"]) == ("button", "#buy", "Buy")
    assert target([Element("p", {"id": "text"}), Element("body")])["selector"] == "#text"
    assert target([]) == {}


def test_chains_of_text_keep_what_is_quoted() -> None:
    text = (
        'a.nav.first:attr__href="/a;b"attr__data-x="say \\"hi\\""href="/a;b"nth-child="2"'
        'nth-of-type="1"text="Go; now.";body:nth-child="2"nth-of-type="1"'
    )
    link, body = chain_of_text(text)
    assert (link.tag, link.classes, link.text, link.nth) == ("a", ["nav", "first"], "Go; now.", 1)
    assert dict(link.attributes) | {"class": ""} == {
        "href": "/a;b",
        "data-x": 'say "hi"',
        "class": "",
    }
    assert (body.tag, body.nth) == ("body", 1)


def test_objects_say_the_same_as_text() -> None:
    told = {"tag_name": "BUTTON", "$el_text": "Buy", "attr__id": "buy", "nth_of_type": 2}
    (element,) = chain_of_objects([told])
    (same,) = chain_of_text('button:attr__id="buy"nth-of-type="2"text="Buy"')
    assert element == same
