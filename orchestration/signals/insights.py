"""Shapes detections into rows of `signals.<table>`: stable ids, JSON details, declared columns."""

from uuid import NAMESPACE_URL, uuid5

import polars as pl

from orchestration.signals.columns import INSIGHT_COLUMNS

INSIGHT_NAMESPACE = uuid5(NAMESPACE_URL, "hxi-warehouse:insight")


def insight_id(project_id: str, session_id: str, insight_type: str, first_event_id: str) -> str:
    """The same detection has the same id in every run and every store."""
    return str(
        uuid5(INSIGHT_NAMESPACE, f"{project_id}/{session_id}/{insight_type}/{first_event_id}")
    )


def as_insights(
    detections: pl.LazyFrame, insight_type: str, detector_version: str, details: pl.Expr
) -> pl.LazyFrame:
    """Rows of INSIGHT_COLUMNS, ordered by key and time.

    `detections` holds one row per detection with every insight column but the id, the type, the
    details and the version. `details` is a struct expression; it becomes a JSON object.
    """
    return (
        detections.with_columns(
            insight_type=pl.lit(insight_type),
            detector_version=pl.lit(detector_version),
            details=details.struct.json_encode(),
            insight_id=pl.struct(
                "project_id", "session_id", first=pl.col("related_event_ids").list.first()
            ).map_batches(lambda keys: _ids(keys, insight_type), return_dtype=pl.String),
        )
        .select(*(pl.col(name).cast(dtype) for name, dtype in INSIGHT_COLUMNS.items()))
        .sort("project_id", "session_id", "timestamp", "insight_id")
    )


def iso_time(column: pl.Expr) -> pl.Expr:
    """A time as JSON carries it: ISO 8601, UTC, milliseconds."""
    return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")


def _ids(keys: pl.Series, insight_type: str) -> pl.Series:
    # One Python call per detection: there is no uuid5 expression, and detections are few.
    return pl.Series(
        [
            insight_id(key["project_id"], key["session_id"], insight_type, key["first"])
            for key in keys.to_list()
        ],
        dtype=pl.String,
    )
