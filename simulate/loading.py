"""What a page does while it opens and closes: load times, web vitals, first requests.

Rule for a slow page: LCP (the view's greatest) > 4000 ms, TTFB > 1800 ms or load > 6000 ms.
"""

from gosight import events_pb2 as pb

from simulate.actions import View, call
from simulate.recorder import Recorder
from simulate.site import PAGES, Place

# What a slow view does badly; None = an ordinary view.
SLOW = ("ttfb", "load", "lcp")
# After a return from the back/forward cache a page tells its vitals again: those of the return.
_RESTORED = pb.PerformancePayload(
    largest_contentful_paint=40, cumulative_layout_shift=0, interaction_to_next_paint=8
)


def load(rec: Recorder, view: View, place: Place, slow: str | None) -> None:
    """The load event of a view, dated when loading ends, and the page's own requests."""
    rng = rec.rng
    if slow or rng.random() < 0.45:
        ttfb = (
            60 + int(rng.random() * 700) if rng.random() < 0.97 else 1_800
        )  # the limit is not slow
        took = ttfb + 300 + int(rng.random() * 1_800)
        if slow == "ttfb":
            ttfb = 1_801 if rng.random() < 0.2 else 1_900 + int(rng.random() * 2_000)
            took = ttfb + 800
        elif slow == "load":
            took = 6_001 if rng.random() < 0.2 else 6_100 + int(rng.random() * 3_000)
        timing = pb.PerformancePayload(
            ttfb=ttfb,
            dom_content_loaded=took - 150,
            load_complete=took,
            first_paint=ttfb + 80,
            first_contentful_paint=ttfb + 120,
        )
        if rng.random() < 0.3:
            timing.largest_contentful_paint = ttfb + 200  # an early guess; it may be the greatest
        view.loaded_at = view.opened_at + took
        rec.timing(timing, pb.EVENT_TYPE_PAGE_LOAD, view.loaded_at)
    rec.pause(5, 90)
    for path in PAGES[place.page].calls:
        if rng.random() < 0.6:
            call(rec, "GET", path.replace("{id}", place.clean.rsplit("/", 1)[-1]), place.query)
    if slow:
        rec.plan("slow_page", view.opened_at)


def vitals(rec: Recorder, view: View, slow: str | None) -> None:
    """The web vitals of a view, told when it ends. They never make an ordinary view slow."""
    rng = rec.rng
    rec.now = max(rec.now, view.loaded_at + 1)
    if slow != "lcp" and rng.random() < 0.5:
        return
    lcp = (
        700 + int(rng.random() ** 2 * 3_300) if rng.random() < 0.97 else 4_000
    )  # the limit is not slow
    if slow == "lcp":
        lcp = 4_001 if rng.random() < 0.2 else 4_100 + int(rng.random() * 3_000)
    measured = pb.PerformancePayload(
        largest_contentful_paint=lcp,
        cumulative_layout_shift=round(rng.random() ** 3 * 0.4, 3),
        interaction_to_next_paint=30 + int(rng.random() ** 3 * 700),
    )
    if rng.random() < 0.3:
        measured.first_input_delay = int(rng.random() * 80)
    rec.pause(1, 20)
    rec.timing(measured, pb.EVENT_TYPE_WEB_VITALS, rec.now)
    if rng.random() < 0.05:
        rec.pause(1, 20)
        rec.timing(_RESTORED, pb.EVENT_TYPE_WEB_VITALS, rec.now)
