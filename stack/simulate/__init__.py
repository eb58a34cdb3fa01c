"""Simulated traffic with a known truth: what `hxi simulate` and the bundled sample are made of."""

from stack.simulate.generate import generate
from stack.simulate.plan import Plan, PlanError
from stack.simulate.planned import Planned
from stack.simulate.truth import SessionTruth, Totals, Truth

__all__ = ["Plan", "PlanError", "Planned", "SessionTruth", "Totals", "Truth", "generate"]
