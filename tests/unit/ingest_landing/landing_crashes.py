"""Crashes between any two calls of a store."""

from collections.abc import Callable, Mapping
from typing import Any


class CrashError(Exception):
    """Stands for the death of the process."""


class Crash:
    """Dies at the n-th call of any method of what `between` is put in front of.

    With `is_after` the call is carried out and its answer lost.
    """

    def __init__(self, at: int, *, is_after: bool = False) -> None:
        self._left = at
        self._is_after = is_after

    def between(self, target: Any) -> Any:
        return _Watched(target, self._call)

    def _call(self, call: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left == 0 and not self._is_after:
            raise CrashError
        answer = call()
        if self._left == 0:
            raise CrashError
        return answer

    @property
    def has_happened(self) -> bool:
        return self._left <= 0


class Aside:
    """Does other things just before certain calls, counted from 1."""

    def __init__(self, acts: Mapping[int, Callable[[], object]]) -> None:
        self._acts = dict(acts)
        self._calls = 0

    def between(self, target: Any) -> Any:
        return _Watched(target, self._call)

    def _call(self, call: Callable[[], Any]) -> Any:
        self._calls += 1
        self._acts.pop(self._calls, lambda: None)()
        return call()

    @property
    def has_happened(self) -> bool:
        return not self._acts


class _Watched:
    def __init__(self, target: Any, call: Callable[[Callable[[], Any]], Any]) -> None:
        self._target = target
        self._call = call

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        return lambda *args, **named: self._call(lambda: method(*args, **named))


def at_each_call(run: Callable[[int], bool]) -> int:
    """`run` with 1, 2 … until it says that nothing happened; how often something did."""
    at = 1
    while run(at):
        at += 1
        assert at < 200, "it never ends"
    return at - 1
