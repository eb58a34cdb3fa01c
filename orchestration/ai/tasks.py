"""The kinds of jobs, what each answers, and the columns that the answer fills. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Spec 002, traceflow_ai_queue.task_type.
SESSION_SUMMARY = "session_summary"
ROOT_CAUSE = "root_cause"
CODE_FIX = "code_fix"
JOURNEY_ANALYSIS = "journey_analysis"

MAX_CHARACTERS = 4_000
# JSON may escape them, PostgreSQL takes neither: NUL, and halves of a character.
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


class NonsenseError(ValueError):
    """An answer that is not what was asked for; the text says why."""


@dataclass(frozen=True)
class Task:
    """`fields`: texts that an answer must have. `asks`: what a model is told to answer."""

    name: str
    fields: tuple[str, ...]
    asks: str


TASKS = {
    task.name: task
    for task in (
        Task(
            SESSION_SUMMARY,
            ("summary",),
            "Say in two or three sentences what this visitor tried to do and how it went.",
        ),
        Task(
            ROOT_CAUSE,
            ("root_cause",),
            "Name the one cause that explains most of this visit's trouble, and what tells of it.",
        ),
        Task(
            CODE_FIX,
            ("description", "recommendation", "code_suggestion"),
            "Describe the issue, say what to do about it, and show code that would do it.",
        ),
        Task(
            JOURNEY_ANALYSIS,
            ("analysis",),
            "Say where this visit's way through the pages went astray, if it did.",
        ),
    )
}


def checked(task: Task, answer: object) -> dict[str, Any]:
    """The answer's texts, cut at MAX_CHARACTERS, and its confidence from 0 to 1.

    NonsenseError when a text is missing, empty or not to be stored, or the confidence no number.
    """
    if not isinstance(answer, Mapping):
        raise NonsenseError("the answer is no JSON object")
    texts = {name: answer.get(name) for name in task.fields}
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise NonsenseError(f"the answer has no {name}")
        if _UNKEEPABLE.search(text):
            raise NonsenseError(f"the answer's {name} is no text that can be stored")
    confidence = answer.get("confidence", 0.5)
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        raise NonsenseError("the answer's confidence is no number")
    cut = {name: str(text).strip()[:MAX_CHARACTERS] for name, text in texts.items()}
    return {**cut, "confidence": round(float(min(1.0, max(0.0, confidence))), 2)}
