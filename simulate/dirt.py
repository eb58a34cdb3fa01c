"""What real traffic has besides visits: bots, sessions of days, what cannot be or was cut off.

Views told twice, times on a page that cannot be and NUL in texts are the recorder's; several
spellings of one page are the site's, campaigns that are no UTF-8 the crowd's.
"""

from random import Random

from gosight import events_pb2 as pb
from gosight.common_pb2 import DeviceInfo

from simulate.actions import custom
from simulate.recorder import Recorder
from simulate.wire import part, payload

DAY_MS = 86_400_000
BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/128.0 Safari/537.36",
    "python-requests/2.32.3",
)
# In a view's own words: every one of them is left out, so that the view is as it was.
_ODD_VITALS = (
    pb.PerformancePayload(largest_contentful_paint=900_001, interaction_to_next_paint=-1),
    pb.PerformancePayload(ttfb=-30, cumulative_layout_shift=-0.5),
)


def odd_vitals(rec: Recorder) -> None:
    """Vitals that cannot be, now."""
    odd = _ODD_VITALS[rec.now % 2]
    rec.emit(pb.EVENT_TYPE_WEB_VITALS, payload(odd))
    rec.truth.implausible += len(odd.ListFields())


def cut_off(rec: Recorder) -> None:
    """A request that leaving the page ends: it has no answer, which is nobody's fault."""
    took = 1 + int(rec.rng.random() * 300)
    rec.request("POST", "/api/views", 0, took)
    rec.now += took
    rec.pause(0, 900)


def soil(rec: Recorder, rng: Random, end_ms: int) -> None:
    """Make a bot's of a finished visit, or let it last more than a day; most stay as they are."""
    if rng.random() < rec.dirty:
        _let_a_bot_do_it(rec, rng)
    elif rng.random() < rec.dirty and not rec.unjudged:
        _go_on_tomorrow(rec, rng, end_ms)


def _let_a_bot_do_it(rec: Recorder, rng: Random) -> None:
    if rng.random() < 0.3:
        told, rec.truth.bot = pb.Event(custom={"webdriver": "true"}), "webdriver"
    else:
        agent = BOTS[int(rng.random() * len(BOTS))]
        told, rec.truth.bot = pb.Event(device=DeviceInfo(user_agent=agent)), "user_agent"
    rec.events = [(at, event + part(told)) for at, event in rec.events]


def _go_on_tomorrow(rec: Recorder, rng: Random, end_ms: int) -> None:
    """The tab stays open and tells something under its old id, if that is before the end."""
    later = rec.truth.started_at + DAY_MS + 1 + int(rng.random() * DAY_MS / 2)
    if rec.last_at < later < end_ms:
        rec.now = later
        custom(rec, "woke_up")
