"""Headers of every answer, and who may send a form."""

from collections.abc import Mapping
from urllib.parse import urlsplit

# Scripts and styles are files of ours; nothing is inline, nothing comes from elsewhere.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
# A recorded page brings its own styles. It is shown in a frame of its own in which they count and
# nothing is fetched from anywhere; of scripts, the player's file alone.
PLAYER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:;"
    " font-src data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'"
)
# The picture under a heatmap: no script at all, whatever the frame allows.
PICTURE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
)
COMMON = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}


def headers(policy: str = PAGE_POLICY) -> dict[str, str]:
    """What a page of this policy is sent with."""
    frames = "DENY" if policy == PAGE_POLICY else "SAMEORIGIN"
    return {**COMMON, "content-security-policy": policy, "x-frame-options": frames}


def is_own_form(sent: Mapping[str, str]) -> bool:
    """Whether a POST comes from a page of this site: browsers say where from."""
    origin = sent.get("origin", "")
    site = sent.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and urlsplit(origin).netloc == sent.get("host")
