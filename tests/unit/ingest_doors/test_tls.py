"""Doors with a certificate speak TLS, both of them, and nothing else."""

from pathlib import Path

import grpc
import httpx
import pytest

from hxi.admin.endpoints import Endpoints
from hxi.load.doors import opened
from hxi.load.packets import Packet
from ingest.doors.tls import certificate_of
from ingest.errors import SettingsError
from tests.certificates import made_in
from tests.unit.ingest_doors.running_doors import KEY, RunningDoors
from tests.unit.ingest_doors.sent_events import clicks


def test_both_doors_take_batches_over_tls_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_in(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    with RunningDoors(tmp_path, certificate=(str(made.chain), str(made.key))) as doors:
        url = doors.http_url.replace("http:", "https:")
        here = Endpoints(*("",) * 4, url, doors.grpc_address, "", KEY)
        body = clicks(2).SerializeToString()
        packet = Packet(body, is_json=False, events=2, origin="a test")
        for door in ("http", "grpc"):
            with opened(here, KEY, backfill=False, door=door) as send:
                assert send(packet).accepted == 2
        assert len(doors.spooled()) == 2
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{doors.http_url}/health")
        with grpc.insecure_channel(doors.grpc_address) as plain, pytest.raises(grpc.RpcError):
            plain.unary_unary("/gosight.IngestService/SendBatch")(body, timeout=5)
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"{url}/health")


def test_a_certificate_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    made, other = made_in(tmp_path), tmp_path / "other"
    other.mkdir()
    for chain, key, reason in (
        (made.chain, "", "set both or none"),
        (made.chain, tmp_path / "nothing", "No such file"),
        (made.chain, made_in(other).key, "KEY_VALUES_MISMATCH|key values mismatch"),
        (made.key, made.key, "PEM"),
    ):
        with pytest.raises(SettingsError, match=reason) as told:
            certificate_of(str(chain), str(key))
        assert "\n" not in str(told.value)
