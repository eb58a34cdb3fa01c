"""Shapes detections into rows of `signals.<table>`: stable ids, JSON details, declared columns."""

from uuid import NAMESPACE_URL, uuid5

import polars as pl

from orchestration.signals.columns import INSIGHT_COLUMNS

INSIGHT_NAMESPACE = uuid5(NAMESPACE_URL, "hxi-warehouse:insight")
INSIGHT_ORDER = ("project_id", "session_id", "timestamp", "insight_id")
FIRST_EVENT = pl.col("related_event_ids").list.first()


def insight_id(project_id: str, session_id: str, insight_type: str, name: str) -> str:
    """The same detection has the same id in every run and every store."""
    return str(uuid5(INSIGHT_NAMESPACE, f"{project_id}/{session_id}/{insight_type}/{name}"))


def as_insights(
    detections: pl.LazyFrame,
    insight_type: str,
    detector_version: str,
    details: pl.Expr,
    named_by: pl.Expr = FIRST_EVENT,
) -> pl.LazyFrame:
    """Rows of INSIGHT_COLUMNS, ordered by key and time.

    `detections` holds one row per detection with every insight column but the id, the type, the
    details and the version. `details` is a struct expression; it becomes a JSON object. `named_by`
    tells the detections of a session and type apart; they need more than the first event only where
    two may begin in one event.
    """
    return (
        detections.with_columns(
            insight_type=pl.lit(insight_type),
            detector_version=pl.lit(detector_version),
            details=details.struct.json_encode(),
            insight_id=pl.struct("project_id", "session_id", name=named_by).map_batches(
                lambda keys: _ids(keys, insight_type), return_dtype=pl.String
            ),
        )
        .select(*(pl.col(name).cast(dtype) for name, dtype in INSIGHT_COLUMNS.items()))
        .sort(INSIGHT_ORDER)
    )


def iso_time(column: pl.Expr) -> pl.Expr:
    """A time as JSON carries it: ISO 8601, UTC, milliseconds."""
    return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")


def rounded_mean(column: str) -> pl.Expr:
    """The mean, rounded half up in integers, so that every engine gets the same pixel."""
    total, count = pl.col(column).cast(pl.Int64).sum(), pl.len().cast(pl.Int64)
    return ((2 * total + count) // (2 * count)).cast(pl.Int32)


def _ids(keys: pl.Series, insight_type: str) -> pl.Series:
    # One Python call per detection: there is no uuid5 expression, and detections are few.
    return pl.Series(
        [
            insight_id(key["project_id"], key["session_id"], insight_type, key["name"])
            for key in keys.to_list()
        ],
        dtype=pl.String,
    )
