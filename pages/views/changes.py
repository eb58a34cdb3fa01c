"""Changes: what a run would change of this project, as `hxi diff --keep` found last."""

from pages.shown import Ask, Shown, Table

NEWEST = """
SELECT toString(made_at) AS made, made_at, asked, sessions, planned,
    countIf(added + gone + changed > 0) AS different
FROM ops.diffs WHERE project_id = {project:String}
GROUP BY ALL ORDER BY made_at DESC LIMIT 20
"""
TABLES = """
SELECT table, before, after, added, gone, changed, toJSONString(d.columns) AS columns,
    arrayMap(one -> one.1, arrayReverseSort(one -> one.2,
        arrayZip(mapKeys(d.columns), mapValues(d.columns)))) AS most
FROM ops.diffs AS d
WHERE project_id = {project:String} AND toString(made_at) = {made_at:String}
ORDER BY added + gone + changed DESC, table
"""
MOST_COLUMNS = 6


def show(ask: Ask) -> Shown:
    """The newest comparison, or the one that the address names by its time."""
    made = ask.marts.rows(NEWEST)
    wanted = ask.view.given.get("made")
    one = next((row for row in made if row["made"] == wanted), made[0] if made else None)
    rows = ask.marts.rows(TABLES, {"made_at": one["made"]}) if one else []
    data = {
        "made": made,
        "one": one,
        "different": [row for row in rows if row["added"] or row["gone"] or row["changed"]],
        "same": sum(not (row["added"] or row["gone"] or row["changed"]) for row in rows),
        "MOST": MOST_COLUMNS,
    }
    shown = [{name: row[name] for name in row if name != "most"} for row in rows]
    return Shown("changes.html", "Changes", data, (Table("tables", shown),))
