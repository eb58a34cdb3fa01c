from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ReplayEventPayload(_message.Message):
    __slots__ = ("rrweb_type", "data")
    RRWEB_TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    rrweb_type: int
    data: bytes
    def __init__(self, rrweb_type: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...
