"""The `dagster.yaml` that a stack writes, and those for containers: what Dagster makes of them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import PoolGranularity, dagster_instance_config
from dagster._serdes import ConfigurableClassData
from dagster_docker import DockerRunLauncher
from dagster_k8s import K8sRunLauncher
from dagster_k8s.job import construct_dagster_k8s_job

from orchestration.automation import REFRESH
from orchestration.definitions import defs
from orchestration.launcher import RunLauncher
from orchestration.lease.resource import POOL
from orchestration.retention.assets import expire_all, expire_job
from stack.services import DAGSTER_SETTINGS, write_once

DOCS = Path(__file__).resolve().parents[3] / "docs" / "dagster"
# What the first version wrote, at each start.
FIRST_SETTINGS = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
# Enough for the client to be made; nothing is asked of a cluster.
CLUSTER = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
    "users": [{"name": "none", "user": {"token": "none"}}],
    "current-context": "none",
}


def settings(path: Path) -> dict[str, Any]:
    """A file, as Dagster accepts it."""
    config, _ = dagster_instance_config(str(path.parent), path.name)
    return dict(config)


def launcher(path: Path, **more: object) -> Any:
    """The launcher of a file, made as an instance makes it."""
    said = yaml.safe_load(path.read_text())["run_launcher"]
    config = yaml.dump({**said["config"], **more})
    return ConfigurableClassData(said["module"], said["class"], config).rehydrate(object)


def a_run() -> dg.DagsterRun:
    return dg.DagsterRun(job_name=REFRESH.name, run_id=str(uuid4()))


def test_one_run_of_the_warehouse_goes_at_a_time_and_failed_ones_are_tried_again(
    tmp_path: Path,
) -> None:
    write_once(tmp_path / "dagster.yaml")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        pools = instance.get_concurrency_config().pool_config
        assert (pools.pool_granularity, pools.default_pool_limit) == (PoolGranularity.RUN, 1)
        assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_user_code_failure_retries > 0
        assert instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        assert type(instance.run_launcher) is RunLauncher


@pytest.mark.parametrize(
    ("there", "left"),
    [
        (None, DAGSTER_SETTINGS.read_text()),
        (FIRST_SETTINGS, DAGSTER_SETTINGS.read_text()),
        ("telemetry: {enabled: true}\n", "telemetry: {enabled: true}\n"),
    ],
)
def test_settings_are_written_once_and_never_over_a_users(
    tmp_path: Path, there: str | None, left: str
) -> None:
    path = tmp_path / "dagster.yaml"
    if there is not None:
        path.write_text(there)
    write_once(path)
    assert path.read_text() == left


def test_all_that_takes_the_lease_is_in_the_pool() -> None:
    graph = defs.resolve_asset_graph()
    assets = {key: graph.get(key).pools for key in graph.executable_asset_keys}
    assert {key for key, pools in assets.items() if pools != {POOL}} == set()
    assert expire_all.pool == POOL


def test_what_can_be_materialised_deletes_nothing() -> None:
    graph = defs.resolve_asset_graph()
    records = {key for key in graph.get_all_asset_keys() if graph.get(key).group_name == "expire"}
    assert len(records) == 4
    assert not records & graph.executable_asset_keys
    assert set(expire_job.graph.node_dict) == {"expire_all"}


@pytest.mark.parametrize("name", ["docker.yaml", "kubernetes.yaml"])
def test_documented_settings_queue_and_retry_as_ours_do(name: str) -> None:
    ours, theirs = settings(DAGSTER_SETTINGS), settings(DOCS / name)
    for part in ("concurrency", "run_coordinator", "run_retries"):
        assert theirs[part] == ours[part]


def test_a_run_in_a_container_is_given_the_stores() -> None:
    docker = launcher(DOCS / "docker.yaml")
    assert isinstance(docker, DockerRunLauncher)
    context = docker.get_container_context(a_run())
    assert {"HXI_CLICKHOUSE_URL", "HXI_MONGODB_URI", "HXI_POSTGRES_DSN"} <= set(context.env_vars)
    assert context.networks == ["hxi"]


def test_the_job_of_a_run_in_kubernetes_is_rendered_without_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(yaml.dump(CLUSTER))
    kubernetes = launcher(
        DOCS / "kubernetes.yaml",
        load_incluster_config=False,
        kubeconfig_file=str(tmp_path / "kubeconfig"),
    )
    assert isinstance(kubernetes, K8sRunLauncher)
    run = a_run()
    context = kubernetes.get_container_context_for_run(run)
    job = construct_dagster_k8s_job(
        context.get_k8s_job_config("hxi-warehouse:latest", kubernetes),
        args=["dagster", "api", "execute_run"],
        job_name=f"dagster-run-{run.run_id}",
        user_defined_k8s_config=context.run_k8s_config,
    ).to_dict()

    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "hxi-warehouse:latest"
    assert [one["secret_ref"]["name"] for one in container["env_from"]] == ["hxi-stores"]
    assert container["resources"]["limits"] == {"memory": "4Gi"}
    assert pod["service_account_name"] == "dagster"
    assert pod["restart_policy"] == "Never"
    assert job["spec"]["ttl_seconds_after_finished"] == 86400
