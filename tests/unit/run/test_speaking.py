"""What `hxi run --every` says, for people and for machines."""

import json

import pytest

from hxi.admin.errors import UserError
from hxi.speaking import Speaker


def test_lines_are_objects_with_the_plan_where_json_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    speaker = Speaker({"HXI_LOG_FORMAT": "json"})
    speaker.about(plan_id=17, rows_written=5)
    speaker.say("3 sessions rebuilt")
    speaker.say("MongoDB failed")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["plan_id"], first["rows_written"], first["level"]) == (17, 5, "INFO")
    assert (second["message"], "plan_id" in second) == ("MongoDB failed", False)


def test_people_are_told_the_line_alone(capsys: pytest.CaptureFixture[str]) -> None:
    speaker = Speaker({})
    speaker.about(plan_id=17)
    speaker.say("3 sessions rebuilt")
    assert capsys.readouterr().out == "3 sessions rebuilt\n"
    with pytest.raises(UserError, match="HXI_LOG_FORMAT must be one of text, json, not 'xml'"):
        Speaker({"HXI_LOG_FORMAT": "xml"})
