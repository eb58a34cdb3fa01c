"""Who visits the simulated site: devices, languages, where they come from, who they are."""

from dataclasses import dataclass
from functools import cache
from random import Random
from uuid import NAMESPACE_URL, uuid5

from gosight.common_pb2 import DeviceInfo, DeviceType
from gosight.events_pb2 import Event

from simulate.wire import part

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)"
    " AppleWebKit/605.1.15 (KHTML, like Gecko)"
)
_ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
_IPAD = "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@dataclass(frozen=True, slots=True)
class Device:
    """A device; `named` ones send browser and OS, the others leave that to the user agent."""

    user_agent: str
    browser: tuple[str, str]
    os: tuple[str, str]
    type: DeviceType
    screen: tuple[int, int]
    viewport: tuple[int, int]
    ratio: float
    named: bool = True

    @property
    def is_desktop(self) -> bool:
        return self.type == DeviceType.DEVICE_TYPE_DESKTOP


_DESKTOP = DeviceType.DEVICE_TYPE_DESKTOP
_MOBILE = DeviceType.DEVICE_TYPE_MOBILE
_TABLET = DeviceType.DEVICE_TYPE_TABLET
DEVICES = (
    Device(
        f"{_WINDOWS} Chrome/128.0.0.0 Safari/537.36",
        ("Chrome", "128.0"),
        ("Windows", "10"),
        _DESKTOP,
        (1920, 1080),
        (1903, 937),
        1.0,
    ),
    Device(
        f"{_WINDOWS} Chrome/127.0.0.0 Safari/537.36",
        ("Chrome", "127.0"),
        ("Windows", "10"),
        _DESKTOP,
        (1366, 768),
        (1349, 625),
        1.25,
    ),
    Device(
        f"{_WINDOWS} Chrome/128.0.0.0 Safari/537.36 Edg/128.0.0.0",
        ("Edge", "128.0"),
        ("Windows", "10"),
        _DESKTOP,
        (2560, 1440),
        (2543, 1297),
        1.0,
        named=False,
    ),
    Device(
        f"{_MAC} Version/17.5 Safari/605.1.15",
        ("Safari", "17.5"),
        ("Mac OS X", "10.15"),
        _DESKTOP,
        (1512, 982),
        (1512, 857),
        2.0,
    ),
    Device(
        "Mozilla/5.0 (X11; Linux x86_64; rv:129.0) Gecko/20100101 Firefox/129.0",
        ("Firefox", "129.0"),
        ("Linux", ""),
        _DESKTOP,
        (1920, 1200),
        (1920, 1067),
        1.0,
    ),
    Device(
        f"{_IPHONE} Version/17.5 Mobile/15E148 Safari/604.1",
        ("Mobile Safari", "17.5"),
        ("iOS", "17.5"),
        _MOBILE,
        (390, 844),
        (390, 664),
        3.0,
    ),
    Device(
        f"{_ANDROID} Chrome/128.0.0.0 Mobile Safari/537.36",
        ("Chrome Mobile", "128.0"),
        ("Android", "14"),
        _MOBILE,
        (412, 915),
        (412, 785),
        2.625,
    ),
    Device(
        f"{_ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36",
        ("Chrome Mobile", "126.0"),
        ("Android", "14"),
        _MOBILE,
        (360, 800),
        (360, 670),
        3.0,
        named=False,
    ),
    Device(
        f"{_IPAD} Version/17.5 Mobile/15E148 Safari/604.1",
        ("Mobile Safari", "17.5"),
        ("iOS", "17.5"),
        _TABLET,
        (820, 1180),
        (820, 1106),
        2.0,
    ),
)
# Country, language, time zone: the country is a custom dimension, as clients know no address.
LOCALES = (
    ("DE", "de-DE", "Europe/Berlin"),
    ("US", "en-US", "America/New_York"),
    ("US", "en-US", "America/Los_Angeles"),
    ("GB", "en-GB", "Europe/London"),
    ("FR", "fr-FR", "Europe/Paris"),
    ("HU", "hu-HU", "Europe/Budapest"),
    ("IN", "en-IN", "Asia/Kolkata"),
    ("BR", "pt-BR", "America/Sao_Paulo"),
    ("JP", "ja-JP", "Asia/Tokyo"),
    ("AU", "en-AU", "Australia/Sydney"),
    ("ES", "es-ES", "Europe/Madrid"),
    ("PL", "pl-PL", "Europe/Warsaw"),
)
# Referrer -> channel and the domain that is told of it; a page of one's own domain is no source.
REFERRERS = {
    "": ("Direct", ""),
    "https://www.google.com/": ("Organic Search", "google.com"),
    "HTTPS://WWW.Bing.COM/": ("Organic Search", "bing.com"),
    "https://news.example.org/outdoor": ("Referral", "news.example.org"),
    "https://t.co/x1": ("Organic Social", "t.co"),
    "https://partner.example.net/deals?week=7": ("Referral", "partner.example.net"),
    "https://help.example.test/boots": ("Internal", ""),
}
_DRAWN = ("", "", *REFERRERS)
# Source, medium and name -> channel. One is in Latin-1: what is no UTF-8 is a lone surrogate here.
CAMPAIGNS = {
    ("newsletter", "email", "autumn"): "Email",
    ("google", "cpc", "brand"): "Paid Search",
    ("Google", "CPC", "tents"): "Paid Search",
    ("facebook", "paid_social", "lookalike"): "Paid Social",
    ("partner", "referral", ""): "Referral",
    ("Android App", "e-mail", "50 % off: Výprodej + více"): "Email",
    ("caf\udce9", "banner", "\udcff1"): "Display",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person of one session. `user` is '' for one who never tells; `identifies` tells late."""

    session_id: str
    device_id: str
    user: str
    identifies: bool
    is_new: bool
    device: Device
    locale: tuple[str, str, str]
    referrer: str
    campaign: tuple[str, str, str] | None
    campaign_by_url: bool

    @property
    def came_from(self) -> tuple[str, str]:
        """Channel and referring domain of a visit that begins with a page view."""
        channel, domain = REFERRERS[self.referrer]
        return CAMPAIGNS[self.campaign] if self.campaign else channel, domain

    def device_part(self) -> bytes:
        """The device as a part of an event."""
        return _device_part(DEVICES.index(self.device), LOCALES.index(self.locale))


@cache
def _device_part(device_index: int, locale_index: int) -> bytes:
    device, (_, language, timezone) = DEVICES[device_index], LOCALES[locale_index]
    info = DeviceInfo(
        user_agent=device.user_agent,
        device_type=device.type,
        screen_width=device.screen[0],
        screen_height=device.screen[1],
        viewport_width=device.viewport[0],
        viewport_height=device.viewport[1],
        device_pixel_ratio=device.ratio,
        language=language,
        timezone=timezone,
    )
    if device.named:
        info.browser, info.browser_version = device.browser
        info.os, info.os_version = device.os
    return part(Event(device=info))


def new_uuid(rng: Random) -> str:
    """A version 4 UUID drawn from `rng`."""
    text = rng.randbytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def device_id(person: int) -> str:
    """What the device of a person is known by; no UUID of a version that tells its time."""
    return str(uuid5(NAMESPACE_URL, f"device of {person}"))


class Crowd:
    """Draws visitors; a person met again keeps device and language. Memory: a byte a person."""

    def __init__(self, rng: Random, sessions: int) -> None:
        self._rng = rng
        self._seen = bytearray(max(1, sessions * 2 // 5))

    def next(self) -> Visitor:
        """The next session's visitor: 45 % known, 15 % known once they log in, 40 % anonymous."""
        rng = self._rng
        person = int(rng.random() * len(self._seen))
        trait = person * 2_654_435_761 >> 4  # spreads neighbours over devices and locales
        kind = rng.random()
        campaigns = [*CAMPAIGNS]
        campaign = campaigns[int(rng.random() * len(campaigns))] if rng.random() < 0.22 else None
        visitor = Visitor(
            session_id=new_uuid(rng),
            device_id=device_id(person),
            user="" if kind < 0.4 else f"user-{person:06d}",
            identifies=0.4 <= kind < 0.55,
            is_new=not self._seen[person],
            device=DEVICES[trait % len(DEVICES)],
            locale=LOCALES[trait // 16 % len(LOCALES)],
            referrer=_DRAWN[int(rng.random() * len(_DRAWN))],
            campaign=campaign,
            campaign_by_url=rng.random() < 0.5,
        )
        self._seen[person] = 1
        return visitor
