"""What posthog-js asks before it begins: all that it can record is on, nothing else is."""

from typing import Any

import orjson

from ingest.formats.answers import JAVASCRIPT, Answer, of_json

ACCEPTED = {"status": 1}
_PERFORMANCE = {"network_timing": True, "web_vitals": True, "web_vitals_allowed_metrics": None}
_RECORDING = {
    "endpoint": "/s/",
    "recorderVersion": "v2",
    "consoleLogRecordingEnabled": True,
    "sampleRate": None,
    "minimumDurationMilliseconds": None,
    "linkedFlag": None,
    # With headers the SDK tells a request's method and status, too; they are not kept here.
    "networkPayloadCapture": {
        "capturePerformance": _PERFORMANCE,
        "recordBody": False,
        "recordHeaders": True,
    },
    "masking": None,
    "urlTriggers": [],
    "urlBlocklist": [],
    "eventTriggers": [],
    "triggerMatchType": None,
}
CONFIG: dict[str, Any] = {
    "supportedCompression": ["gzip", "gzip-js", "base64"],
    "hasFeatureFlags": False,
    "featureFlags": {},
    "featureFlagPayloads": {},
    "flags": {},
    "errorsWhileComputingFlags": False,
    "quotaLimited": [],
    "analytics": {"endpoint": "/i/v0/e/"},
    "elementsChainAsString": True,
    "autocapture_opt_out": False,
    "autocaptureExceptions": True,
    "errorTracking": {"autocaptureExceptions": True, "suppressionRules": []},
    "captureDeadClicks": True,
    "heatmaps": True,
    "capturePerformance": _PERFORMANCE,
    "sessionRecording": _RECORDING,
    "defaultIdentifiedOnly": True,
    "surveys": False,
    "siteApps": [],
    "toolbarParams": {},
    "isAuthenticated": False,
}


def config(key: str) -> Answer:
    """`/array/KEY/config`, `/flags` and `/decide`; a key is not asked whether it is known."""
    return of_json({"token": key, **CONFIG})


def config_script(key: str) -> Answer:
    """`/array/KEY/config.js`; the key must be one that needs no escaping."""
    said = orjson.dumps({"config": {"token": key, **CONFIG}, "siteApps": []}).decode()
    store = "window._POSTHOG_REMOTE_CONFIG"
    code = f"(function(){{{store}={store}||{{}};{store}['{key}']={said}}})();"
    return Answer(code.encode(), JAVASCRIPT)
