from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeviceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_TYPE_UNSPECIFIED: _ClassVar[DeviceType]
    DEVICE_TYPE_DESKTOP: _ClassVar[DeviceType]
    DEVICE_TYPE_TABLET: _ClassVar[DeviceType]
    DEVICE_TYPE_MOBILE: _ClassVar[DeviceType]
DEVICE_TYPE_UNSPECIFIED: DeviceType
DEVICE_TYPE_DESKTOP: DeviceType
DEVICE_TYPE_TABLET: DeviceType
DEVICE_TYPE_MOBILE: DeviceType

class Timestamp(_message.Message):
    __slots__ = ("millis",)
    MILLIS_FIELD_NUMBER: _ClassVar[int]
    millis: int
    def __init__(self, millis: _Optional[int] = ...) -> None: ...

class Position(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: int
    y: int
    def __init__(self, x: _Optional[int] = ..., y: _Optional[int] = ...) -> None: ...

class Rect(_message.Message):
    __slots__ = ("top", "left", "width", "height")
    TOP_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    top: int
    left: int
    width: int
    height: int
    def __init__(self, top: _Optional[int] = ..., left: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ...) -> None: ...

class TargetElement(_message.Message):
    __slots__ = ("tag", "id", "classes", "text", "href", "selector", "attributes", "rect")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TAG_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    HREF_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    RECT_FIELD_NUMBER: _ClassVar[int]
    tag: str
    id: str
    classes: _containers.RepeatedScalarFieldContainer[str]
    text: str
    href: str
    selector: str
    attributes: _containers.ScalarMap[str, str]
    rect: Rect
    def __init__(self, tag: _Optional[str] = ..., id: _Optional[str] = ..., classes: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ..., href: _Optional[str] = ..., selector: _Optional[str] = ..., attributes: _Optional[_Mapping[str, str]] = ..., rect: _Optional[_Union[Rect, _Mapping]] = ...) -> None: ...

class DeviceInfo(_message.Message):
    __slots__ = ("user_agent", "browser", "browser_version", "os", "os_version", "device_type", "screen_width", "screen_height", "viewport_width", "viewport_height", "device_pixel_ratio", "language", "timezone")
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    BROWSER_FIELD_NUMBER: _ClassVar[int]
    BROWSER_VERSION_FIELD_NUMBER: _ClassVar[int]
    OS_FIELD_NUMBER: _ClassVar[int]
    OS_VERSION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SCREEN_WIDTH_FIELD_NUMBER: _ClassVar[int]
    SCREEN_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    VIEWPORT_WIDTH_FIELD_NUMBER: _ClassVar[int]
    VIEWPORT_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DEVICE_PIXEL_RATIO_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    user_agent: str
    browser: str
    browser_version: str
    os: str
    os_version: str
    device_type: DeviceType
    screen_width: int
    screen_height: int
    viewport_width: int
    viewport_height: int
    device_pixel_ratio: float
    language: str
    timezone: str
    def __init__(self, user_agent: _Optional[str] = ..., browser: _Optional[str] = ..., browser_version: _Optional[str] = ..., os: _Optional[str] = ..., os_version: _Optional[str] = ..., device_type: _Optional[_Union[DeviceType, str]] = ..., screen_width: _Optional[int] = ..., screen_height: _Optional[int] = ..., viewport_width: _Optional[int] = ..., viewport_height: _Optional[int] = ..., device_pixel_ratio: _Optional[float] = ..., language: _Optional[str] = ..., timezone: _Optional[str] = ...) -> None: ...

class PageContext(_message.Message):
    __slots__ = ("url", "path", "title", "referrer", "query_params")
    class QueryParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    URL_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    REFERRER_FIELD_NUMBER: _ClassVar[int]
    QUERY_PARAMS_FIELD_NUMBER: _ClassVar[int]
    url: str
    path: str
    title: str
    referrer: str
    query_params: _containers.ScalarMap[str, str]
    def __init__(self, url: _Optional[str] = ..., path: _Optional[str] = ..., title: _Optional[str] = ..., referrer: _Optional[str] = ..., query_params: _Optional[_Mapping[str, str]] = ...) -> None: ...

class GeoLocation(_message.Message):
    __slots__ = ("ip", "country", "country_code", "region", "city")
    IP_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_CODE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    CITY_FIELD_NUMBER: _ClassVar[int]
    ip: str
    country: str
    country_code: str
    region: str
    city: str
    def __init__(self, ip: _Optional[str] = ..., country: _Optional[str] = ..., country_code: _Optional[str] = ..., region: _Optional[str] = ..., city: _Optional[str] = ...) -> None: ...
