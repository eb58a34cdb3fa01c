"""The pages of the demo shop, as text; no server here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

PAGES = Path(__file__).parent / "pages"
TITLES = {"home": "Demo shop", "product": "Product", "checkout": "Checkout"}
# SDK -> the scripts of its packages, in order, below a node_modules folder.
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "posthog": ("posthog-js/dist/array.full.js",),
    "segment": ("@segment/analytics-next/dist/umd/index.js",),
    "snowplow": ("@snowplow/browser-tracker/dist/index.umd.min.js",),
    "rrweb": ("rrweb/umd/rrweb.min.js", "web-vitals/dist/web-vitals.iife.js"),
}
INSTALL = (
    "npm install --prefix sdk posthog-js @segment/analytics-next @snowplow/browser-tracker"
    " rrweb web-vitals"
)


@dataclass(frozen=True)
class Shop:
    """Where its SDKs send to, and with which key."""

    door: str
    key: str

    def page(self, sdk: str, name: str) -> str:
        """One page with the SDK in it; KeyError for an unknown SDK or page."""
        scripts = "".join(f'<script src="/sdk/{path}"></script>\n' for path in SCRIPTS[sdk])
        return _filled(
            "shop.html",
            title=TITLES[name],
            sdk=sdk,
            key=json.dumps(self.key),
            door=json.dumps(self.door),
            scripts=scripts,
            content=(PAGES / f"{name}.html").read_text(),
            code=self._code(sdk),
        )

    def _code(self, sdk: str) -> str:
        """As the documents have it, with this door and key."""
        code = (PAGES / f"{sdk}.js").read_text()
        return code.replace('"https://ingest.example"', "DOOR").replace('"gs_…"', "KEY")


def index() -> str:
    """Links to the shop with each SDK."""
    links = "".join(f'<li><a href="/{sdk}/">{sdk}</a>' for sdk in SCRIPTS)
    return f"<!doctype html><title>hxi demo</title><h1>One shop</h1><ul>{links}</ul>"


def session_page(sdk: str) -> str:
    """It asks for the session itself; KeyError for an unknown SDK."""
    if sdk not in SCRIPTS:
        raise KeyError(sdk)
    return _filled("session.html", sdk=sdk)


def missing_packages(sdk_dir: Path) -> list[str]:
    """Scripts that are not in the folder."""
    wanted = [path for paths in SCRIPTS.values() for path in paths]
    return [path for path in wanted if not (sdk_dir / path).is_file()]


def _filled(name: str, **values: str) -> str:
    return Template((PAGES / name).read_text()).substitute(values)
