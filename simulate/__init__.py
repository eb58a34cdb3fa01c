"""Simulated traffic with a known truth: what `hxi simulate` and the bundled sample are made of."""

from simulate.generate import generate
from simulate.plan import Plan, PlanError
from simulate.planned import Planned
from simulate.truth import SessionTruth, Totals, Truth

__all__ = ["Plan", "PlanError", "Planned", "SessionTruth", "Totals", "Truth", "generate"]
