"""Expires in this process: what `hxi expire` calls."""

from orchestration.lease.held import held_stores
from orchestration.retention.expiry import Expired, expire
from orchestration.retention.limits import CutOffs
from orchestration.stores.settings import Settings


def expire_now(cut_offs: CutOffs, settings: Settings | None = None) -> Expired:
    """Expire under a lease of its own. Needs the HXI_ variables unless `settings` are given."""
    with held_stores(settings or Settings.from_environment()) as stores:
        return expire(stores, cut_offs)
