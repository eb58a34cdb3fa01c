from gosight import common_pb2 as _common_pb2
from gosight import events_pb2 as _events_pb2
from gosight import replay_pb2 as _replay_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventBatch(_message.Message):
    __slots__ = ("project_key", "events", "sent_at", "sdk_version", "clock_skew_ms", "geo", "user_agent")
    PROJECT_KEY_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_FIELD_NUMBER: _ClassVar[int]
    SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
    CLOCK_SKEW_MS_FIELD_NUMBER: _ClassVar[int]
    GEO_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    project_key: str
    events: _containers.RepeatedCompositeFieldContainer[_events_pb2.Event]
    sent_at: int
    sdk_version: str
    clock_skew_ms: int
    geo: _common_pb2.GeoLocation
    user_agent: str
    def __init__(self, project_key: _Optional[str] = ..., events: _Optional[_Iterable[_Union[_events_pb2.Event, _Mapping]]] = ..., sent_at: _Optional[int] = ..., sdk_version: _Optional[str] = ..., clock_skew_ms: _Optional[int] = ..., geo: _Optional[_Union[_common_pb2.GeoLocation, _Mapping]] = ..., user_agent: _Optional[str] = ...) -> None: ...

class IngestResponse(_message.Message):
    __slots__ = ("success", "error", "events_accepted", "events_rejected")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVENTS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    EVENTS_REJECTED_FIELD_NUMBER: _ClassVar[int]
    success: bool
    error: str
    events_accepted: int
    events_rejected: int
    def __init__(self, success: _Optional[bool] = ..., error: _Optional[str] = ..., events_accepted: _Optional[int] = ..., events_rejected: _Optional[int] = ...) -> None: ...
