"""Run by the Python of Superset's own environment: imports a bundle, asks for every chart's rows.

`ask_charts.py BUNDLE PROJECT` prints a line of JSON for each dashboard and each chart; charts are
asked for the rows of the project, which their dashboards let people choose.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask_appbuilder import Model
from superset.app import create_app


def main(bundle: str, project: str) -> None:
    app = create_app()
    with app.app_context(), app.test_request_context():
        user = administrator(app)
        imported(app, bundle, user.username)
        for line in dashboards():
            print(json.dumps(line))
        for line in charts(user, project):
            print(json.dumps(line))


def administrator(app: Flask) -> Any:
    """Tables as the models have them, which is quicker than ten years of migrations; roles."""
    from superset import db, security_manager
    from superset.connectors.sqla import models as _datasets  # noqa: F401 - tables to make
    from superset.models import dashboard as _dashboards  # noqa: F401 - as above

    Model.metadata.create_all(db.engine)
    app.appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    role = security_manager.find_role("Admin")
    return security_manager.add_user("hxi", "HXI", "Tests", "hxi@example.com", role, "hxi")


def imported(app: Flask, bundle: str, username: str) -> None:
    """By the command that docs/bi.md names."""
    from superset.cli.importexport import import_dashboards

    ended = app.test_cli_runner().invoke(import_dashboards, ["-p", bundle, "-u", username])
    if ended.exit_code:
        raise SystemExit(f"import-dashboards: {ended.output[-2000:]}")


def dashboards() -> Iterator[dict[str, Any]]:
    """Each with the titles of the charts that it shows."""
    from superset import db
    from superset.models.dashboard import Dashboard

    for one in db.session.query(Dashboard):
        yield {
            "dashboard": one.dashboard_title,
            "charts": [chart.slice_name for chart in one.slices],
        }


def charts(user: Any, project: str) -> Iterator[dict[str, Any]]:
    """Each with the first of its rows, as Superset's own query of it answers."""
    from superset import db
    from superset.charts.schemas import ChartDataQueryContextSchema
    from superset.commands.chart.data.get_data_command import ChartDataCommand
    from superset.models.slice import Slice
    from superset.utils.core import override_user

    with override_user(user):
        for chart in db.session.query(Slice):
            told = {"chart": chart.slice_name, "uuid": str(chart.uuid), "kind": chart.viz_type}
            asked = json.loads(chart.query_context)
            asked["queries"][0]["filters"] = [{"col": "project_id", "op": "IN", "val": [project]}]
            command = ChartDataCommand(ChartDataQueryContextSchema().load(asked))
            command.validate()
            try:
                (answer,) = command.run()["queries"]
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                yield {**told, "error": str(error)[:500], "rows": []}
                continue
            rows = [{name: str(value) for name, value in row.items()} for row in answer["data"][:5]]
            yield {**told, "error": answer["error"] or "", "rows": rows}


if __name__ == "__main__":
    main(*sys.argv[1:])
