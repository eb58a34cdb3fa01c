"""The analyst that needs no network: written rules over a visit's facts, the same for the same.

It says nothing that the facts do not say, and is named as what it is in `neurorouter_logs` and in
the queue's results.
"""

from collections.abc import Mapping
from typing import Any

from orchestration.ai.tasks import CODE_FIX, JOURNEY_ANALYSIS, ROOT_CAUSE, SESSION_SUMMARY

MODEL = "written-rules"
PROVIDER = "embedded"

CAUSES = {
    "rage_click": ("does not answer a click at once", "the click is repeated within a second"),
    "dead_click": ("looks as if it could be clicked and does nothing", "nothing follows the click"),
    "error": ("fails with a script error", "an error is reported"),
    "slow_load": ("is slow to answer or to show itself", "its times are over their limits"),
    "form_abandonment": ("asks for something that visitors do not give", "the form is left"),
}
FIXES = {
    "rage_click": (
        "Show at once that the click was taken, and take no second one meanwhile.",
        (
            "element.addEventListener('click', async () => {\n"
            "  element.disabled = true;\n  element.setAttribute('aria-busy', 'true');\n"
            "  try { await act(); } finally {\n"
            "    element.disabled = false;\n    element.removeAttribute('aria-busy');\n  }\n});"
        ),
    ),
    "dead_click": (
        "Let the element do what it promises, or make it look like text.",
        "element.addEventListener('click', open);  // or: element.style.cursor = 'auto';",
    ),
    "error": (
        "Catch what is thrown, tell the visitor, and report it with the release.",
        (
            "try { act(); } catch (error) {\n  show('That did not work: please try again.');\n"
            "  report(error);\n}"
        ),
    ),
    "slow_load": (
        "See which of first byte, main content and load is over its limit; shorten that first.",
        '<link rel="preload" as="image" href="hero.avif" fetchpriority="high">',
    ),
    "form_abandonment": (
        "Ask for less at the last field that was changed, and say beside it what is wrong.",
        (
            "field.addEventListener('blur', () => {\n"
            "  hint.textContent = field.validationMessage;\n});"
        ),
    ),
}


def analyse(task: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as `tasks.checked` takes it. KeyError for a task it does not know. Pure."""
    return {
        SESSION_SUMMARY: _summary,
        ROOT_CAUSE: _root_cause,
        CODE_FIX: _fix,
        JOURNEY_ANALYSIS: _journey,
    }[task](facts)


def _summary(facts: Mapping[str, Any]) -> dict[str, Any]:
    session, pages = facts["session"], facts["pages"]
    seconds = (session["duration_ms"] or 0) / 1000
    way = f" from {pages[0]} to {pages[-1]}" if pages else ""
    met = _told(facts["troubles"])
    score = session["score"]
    judged = f" Its experience score is {score} of 100." if score is not None else ""
    return {
        "summary": f"A visit of {seconds:.0f} s over {session['page_count']} pages{way}"
        f"{f' met {met}' if met else ' met nothing that frustrates'}.{judged}",
        "confidence": 0.9,
    }


def _root_cause(facts: Mapping[str, Any]) -> dict[str, Any]:
    troubles = facts["troubles"]
    if not troubles:
        dearest = max(facts["deductions"], key=lambda one: one.get("deduction", 0), default=None)
        cause = (
            f"{dearest['code']} cost it {dearest.get('deduction', 0)} points."
            if dearest
            else "Nothing in its facts explains trouble."
        )
        return {"root_cause": cause, "confidence": 0.4 if dearest else 0.2}
    first = troubles[0]
    is_what, tells = CAUSES.get(first["issue_type"], ("is in trouble", "it was reported"))
    total = sum(one["occurrence_count"] for one in troubles)
    return {
        "root_cause": f"{_place(first)} {is_what}: {tells}"
        f" ({first['occurrence_count']} of {total} signals of the visit).",
        "confidence": min(0.9, 0.4 + 0.5 * first["occurrence_count"] / total),
    }


def _fix(facts: Mapping[str, Any]) -> dict[str, Any]:
    issue = facts["issue"]
    is_what, _ = CAUSES.get(issue["issue_type"], ("is in trouble", ""))
    recommendation, code = FIXES.get(
        issue["issue_type"], ("Watch a recording of it.", "// nothing is known of it")
    )
    return {
        "description": f"{_place(issue)} {is_what}; {issue['affected_sessions']} visits met it"
        f" {issue['occurrence_count']} times.",
        "recommendation": recommendation,
        "code_suggestion": code,
        "confidence": 0.6 if issue["affected_sessions"] > 1 else 0.4,
    }


def _journey(facts: Mapping[str, Any]) -> dict[str, Any]:
    pages = facts["pages"]
    again = [page for page in dict.fromkeys(pages) if pages.count(page) > 1]
    way = " → ".join(pages) or "no page"
    astray = f" It came back to {', '.join(again)}." if again else " It went straight on."
    return {"analysis": f"{way}.{astray}", "confidence": 0.7}


def _told(troubles: list[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{one['occurrence_count']} times a {one['issue_type'].replace('_', ' ')} at {_place(one)}"
        for one in troubles[:3]
    )


def _place(one: Mapping[str, Any]) -> str:
    element = f"{one['element_selector']} on " if one["element_selector"] else ""
    return f"{element}{one['page_url'] or 'a page'}"
