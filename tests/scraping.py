"""What /metrics says, read by Prometheus' own parser."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(base_url: str) -> Samples:
    """Values by name and labels."""
    with urllib.request.urlopen(f"{base_url}/metrics", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return parsed(answer.read().decode())


def parsed(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def at(samples: Samples, name: str, **labels: str) -> float:
    """0 where it was never counted."""
    return samples.get((f"hxi_{name}", frozenset(labels.items())), 0.0)
