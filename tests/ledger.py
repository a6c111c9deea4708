"""The whole ledger in one object, for tests that play the front end, the worker and the reconciler."""

from service.contract.leases import LeaseStore
from service.contract.store import JobStore
from service.contract.sweeps import SweepStore


class WholeLedger(JobStore, LeaseStore, SweepStore):
    """All three sides."""
