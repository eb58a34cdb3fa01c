"""Pages: all of them with their figures, by views, trouble or slowness."""

from pages.shown import Ask, Shown, Table
from pages.view import of_visits
from pages.views.issues import page_number
from pages.views.overview import judged

PAGE_SIZE = 50

PAGES = """
SELECT * FROM (
    SELECT path, countIf(is_now) AS views, countIf(NOT is_now) AS views_before,
        uniqExactIf(session_id, is_now) AS sessions,
        quantileExactInclusiveOrNullIf(0.5)(time_on_page_ms,
            is_now AND time_on_page_ms > 0) AS time_ms,
        quantileExactInclusiveOrNullIf(0.75)(lcp, is_now) AS lcp,
        quantileExactInclusiveOrNullIf(0.75)(inp, is_now) AS inp,
        quantileExactInclusiveOrNullIf(0.75)(cls, is_now) AS cls,
        sumIf(click_count, is_now) AS clicks, sumIf(error_count, is_now) AS errors
    FROM (
        SELECT *, day >= {{since:Date}} AS is_now FROM gosight.page_views
        WHERE project_id = {{project:String}} AND day BETWEEN {{before:Date}} AND
            {{until:Date}}{only}
    ) GROUP BY path HAVING views > 0
) AS seen
LEFT JOIN (
    SELECT path, countIf(insight_type = 'rage_click') AS rage_clicks,
        countIf(insight_type = 'dead_click') AS dead_clicks
    FROM gosight.insights
    WHERE project_id = {{project:String}} AND insight_date BETWEEN {{since:Date}} AND {{until:Date}}
      AND charged{only}
    GROUP BY path
) AS troubled USING (path)
ORDER BY {order} LIMIT {limit} OFFSET {offset}
"""
ORDERS = {
    "views": "views DESC, path",
    "trouble": "rage_clicks + dead_clicks + errors DESC, views DESC, path",
    "slow": "isNull(lcp), lcp DESC, path",
}


def show(ask: Ask) -> Shown:
    """PAGE_SIZE of them at a time."""
    given, number = ask.view.given, page_number(ask)
    order = given.get("order", "views")
    order = order if order in ORDERS else "views"
    sql = PAGES.format(
        only=of_visits(ask.view),
        order=ORDERS[order],
        limit=PAGE_SIZE + 1,
        offset=PAGE_SIZE * (number - 1),
    )
    rows = ask.marts.rows(sql, ask.view.parameters())
    shown = rows[:PAGE_SIZE]
    for row in shown:
        row["lcp_judged"] = judged("lcp", row["lcp"])
        row["inp_judged"] = judged("inp", row["inp"])
        row["cls_judged"] = judged("cls", row["cls"])
    data = {
        "rows": shown,
        "number": number,
        "has_more": len(rows) > PAGE_SIZE,
        "order": order,
        "orders": tuple(ORDERS),
        "most": max((row["views"] for row in shown), default=0),
    }
    return Shown("pages.html", "Pages", data, (Table("pages", shown),))
