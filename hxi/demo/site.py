"""The pages of the demo shop, as text; no server here."""

import json
from collections.abc import Iterable, Mapping
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
# SDKs whose packages are modules for a bundler: what their code imports, and the bundler.
BUNDLED: Mapping[str, tuple[str, ...]] = {
    "otlp": (
        *("@opentelemetry/sdk-trace-web", "@opentelemetry/exporter-trace-otlp-http"),
        *("@opentelemetry/instrumentation-fetch", "@opentelemetry/instrumentation-document-load"),
        *("@opentelemetry/instrumentation", "@opentelemetry/resources", "esbuild"),
    ),
}
SDKS = (*SCRIPTS, *BUNDLED)


@dataclass(frozen=True)
class Shop:
    """Where its SDKs send to, and with which key."""

    door: str
    key: str

    def page(self, sdk: str, name: str) -> str:
        """One page with the SDK in it; KeyError for an unknown SDK or page."""
        is_bundled = sdk in BUNDLED
        paths = [f"/bundle/{sdk}.js"] if is_bundled else [f"/sdk/{path}" for path in SCRIPTS[sdk]]
        return _filled(
            "shop.html",
            title=TITLES[name],
            sdk=sdk,
            key=json.dumps(self.key),
            door=json.dumps(self.door),
            scripts="".join(f'<script src="{path}"></script>\n' for path in paths),
            content=(PAGES / f"{name}.html").read_text(),
            code="" if is_bundled else self.code(sdk),
        )

    def code(self, sdk: str) -> str:
        """As the documents have it, with this door and key."""
        code = (PAGES / f"{sdk}.js").read_text()
        return code.replace('"https://ingest.example"', "DOOR").replace('"gs_…"', "KEY")


def index(sdk_dir: Path) -> str:
    """Links to the shop with each SDK that is installed, and what the others need."""
    lines = "".join(
        f"<li>{sdk}: not installed, <code>{install(missing)}</code>"
        if (missing := missing_packages(sdk_dir, [sdk]))
        else f'<li><a href="/{sdk}/">{sdk}</a>'
        for sdk in SDKS
    )
    return f"<!doctype html><title>hxi demo</title><h1>One shop</h1><ul>{lines}</ul>"


def session_page(sdk: str) -> str:
    """It asks for the session itself; KeyError for what cannot be the name of an SDK."""
    if not sdk.isidentifier():
        raise KeyError(sdk)
    return _filled("session.html", sdk=sdk)


def missing_packages(sdk_dir: Path, sdks: Iterable[str] = SDKS) -> list[str]:
    """Packages of these SDKs that are not in the folder, a node_modules."""
    files = {
        **{path: _package(path) for sdk in sdks for path in SCRIPTS.get(sdk, ())},
        **{name: name for sdk in sdks for name in BUNDLED.get(sdk, ())},
    }
    return [package for path, package in files.items() if not (sdk_dir / path).exists()]


def install(packages: Iterable[str]) -> str:
    """The command that brings them."""
    return f"npm install --prefix sdk {' '.join(packages)}"


def _package(path: str) -> str:
    return "/".join(path.split("/")[: 2 if path.startswith("@") else 1])


def _filled(name: str, **values: str) -> str:
    return Template((PAGES / name).read_text()).substitute(values)
