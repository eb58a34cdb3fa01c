from gosight import common_pb2 as _common_pb2
from gosight import replay_pb2 as _replay_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from gosight.replay_pb2 import ReplayEventPayload as ReplayEventPayload

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_SESSION_START: _ClassVar[EventType]
    EVENT_TYPE_SESSION_END: _ClassVar[EventType]
    EVENT_TYPE_PAGE_VIEW: _ClassVar[EventType]
    EVENT_TYPE_PAGE_EXIT: _ClassVar[EventType]
    EVENT_TYPE_PAGE_VISIBLE: _ClassVar[EventType]
    EVENT_TYPE_PAGE_HIDDEN: _ClassVar[EventType]
    EVENT_TYPE_CLICK: _ClassVar[EventType]
    EVENT_TYPE_DBLCLICK: _ClassVar[EventType]
    EVENT_TYPE_CONTEXT_MENU: _ClassVar[EventType]
    EVENT_TYPE_MOUSE_MOVE: _ClassVar[EventType]
    EVENT_TYPE_SCROLL: _ClassVar[EventType]
    EVENT_TYPE_SCROLL_MILESTONE: _ClassVar[EventType]
    EVENT_TYPE_INPUT_CHANGE: _ClassVar[EventType]
    EVENT_TYPE_INPUT_FOCUS: _ClassVar[EventType]
    EVENT_TYPE_INPUT_BLUR: _ClassVar[EventType]
    EVENT_TYPE_FORM_START: _ClassVar[EventType]
    EVENT_TYPE_FORM_SUBMIT: _ClassVar[EventType]
    EVENT_TYPE_FORM_ABANDON: _ClassVar[EventType]
    EVENT_TYPE_FORM_ERROR: _ClassVar[EventType]
    EVENT_TYPE_JS_ERROR: _ClassVar[EventType]
    EVENT_TYPE_UNHANDLED_REJECTION: _ClassVar[EventType]
    EVENT_TYPE_RESOURCE_ERROR: _ClassVar[EventType]
    EVENT_TYPE_CONSOLE_ERROR: _ClassVar[EventType]
    EVENT_TYPE_PAGE_LOAD: _ClassVar[EventType]
    EVENT_TYPE_WEB_VITALS: _ClassVar[EventType]
    EVENT_TYPE_LONG_TASK: _ClassVar[EventType]
    EVENT_TYPE_XHR_REQUEST: _ClassVar[EventType]
    EVENT_TYPE_FETCH_REQUEST: _ClassVar[EventType]
    EVENT_TYPE_WEBSOCKET: _ClassVar[EventType]
    EVENT_TYPE_MEDIA_PLAY: _ClassVar[EventType]
    EVENT_TYPE_MEDIA_PAUSE: _ClassVar[EventType]
    EVENT_TYPE_MEDIA_COMPLETE: _ClassVar[EventType]
    EVENT_TYPE_WINDOW_RESIZE: _ClassVar[EventType]
    EVENT_TYPE_ORIENTATION_CHANGE: _ClassVar[EventType]
    EVENT_TYPE_CUSTOM: _ClassVar[EventType]
    EVENT_TYPE_IDENTIFY: _ClassVar[EventType]
    EVENT_TYPE_GROUP: _ClassVar[EventType]
    EVENT_TYPE_REPLAY: _ClassVar[EventType]
    EVENT_TYPE_SDK_SIGNAL: _ClassVar[EventType]
    EVENT_TYPE_CLICK_DETAIL: _ClassVar[EventType]
    EVENT_TYPE_RAGE_CLICK: _ClassVar[EventType]
    EVENT_TYPE_DEAD_CLICK: _ClassVar[EventType]
    EVENT_TYPE_ERROR_CLICK: _ClassVar[EventType]
    EVENT_TYPE_THRASHED_CURSOR: _ClassVar[EventType]

class SessionEndReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_END_REASON_UNSPECIFIED: _ClassVar[SessionEndReason]
    SESSION_END_REASON_TIMEOUT: _ClassVar[SessionEndReason]
    SESSION_END_REASON_NAVIGATION: _ClassVar[SessionEndReason]
    SESSION_END_REASON_CLOSE: _ClassVar[SessionEndReason]

class MouseButton(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MOUSE_BUTTON_LEFT: _ClassVar[MouseButton]
    MOUSE_BUTTON_MIDDLE: _ClassVar[MouseButton]
    MOUSE_BUTTON_RIGHT: _ClassVar[MouseButton]

class ScrollDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCROLL_DIRECTION_DOWN: _ClassVar[ScrollDirection]
    SCROLL_DIRECTION_UP: _ClassVar[ScrollDirection]

class NetworkRequestType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NETWORK_REQUEST_TYPE_XHR: _ClassVar[NetworkRequestType]
    NETWORK_REQUEST_TYPE_FETCH: _ClassVar[NetworkRequestType]
    NETWORK_REQUEST_TYPE_WEBSOCKET: _ClassVar[NetworkRequestType]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_SESSION_START: EventType
EVENT_TYPE_SESSION_END: EventType
EVENT_TYPE_PAGE_VIEW: EventType
EVENT_TYPE_PAGE_EXIT: EventType
EVENT_TYPE_PAGE_VISIBLE: EventType
EVENT_TYPE_PAGE_HIDDEN: EventType
EVENT_TYPE_CLICK: EventType
EVENT_TYPE_DBLCLICK: EventType
EVENT_TYPE_CONTEXT_MENU: EventType
EVENT_TYPE_MOUSE_MOVE: EventType
EVENT_TYPE_SCROLL: EventType
EVENT_TYPE_SCROLL_MILESTONE: EventType
EVENT_TYPE_INPUT_CHANGE: EventType
EVENT_TYPE_INPUT_FOCUS: EventType
EVENT_TYPE_INPUT_BLUR: EventType
EVENT_TYPE_FORM_START: EventType
EVENT_TYPE_FORM_SUBMIT: EventType
EVENT_TYPE_FORM_ABANDON: EventType
EVENT_TYPE_FORM_ERROR: EventType
EVENT_TYPE_JS_ERROR: EventType
EVENT_TYPE_UNHANDLED_REJECTION: EventType
EVENT_TYPE_RESOURCE_ERROR: EventType
EVENT_TYPE_CONSOLE_ERROR: EventType
EVENT_TYPE_PAGE_LOAD: EventType
EVENT_TYPE_WEB_VITALS: EventType
EVENT_TYPE_LONG_TASK: EventType
EVENT_TYPE_XHR_REQUEST: EventType
EVENT_TYPE_FETCH_REQUEST: EventType
EVENT_TYPE_WEBSOCKET: EventType
EVENT_TYPE_MEDIA_PLAY: EventType
EVENT_TYPE_MEDIA_PAUSE: EventType
EVENT_TYPE_MEDIA_COMPLETE: EventType
EVENT_TYPE_WINDOW_RESIZE: EventType
EVENT_TYPE_ORIENTATION_CHANGE: EventType
EVENT_TYPE_CUSTOM: EventType
EVENT_TYPE_IDENTIFY: EventType
EVENT_TYPE_GROUP: EventType
EVENT_TYPE_REPLAY: EventType
EVENT_TYPE_SDK_SIGNAL: EventType
EVENT_TYPE_CLICK_DETAIL: EventType
EVENT_TYPE_RAGE_CLICK: EventType
EVENT_TYPE_DEAD_CLICK: EventType
EVENT_TYPE_ERROR_CLICK: EventType
EVENT_TYPE_THRASHED_CURSOR: EventType
SESSION_END_REASON_UNSPECIFIED: SessionEndReason
SESSION_END_REASON_TIMEOUT: SessionEndReason
SESSION_END_REASON_NAVIGATION: SessionEndReason
SESSION_END_REASON_CLOSE: SessionEndReason
MOUSE_BUTTON_LEFT: MouseButton
MOUSE_BUTTON_MIDDLE: MouseButton
MOUSE_BUTTON_RIGHT: MouseButton
SCROLL_DIRECTION_DOWN: ScrollDirection
SCROLL_DIRECTION_UP: ScrollDirection
NETWORK_REQUEST_TYPE_XHR: NetworkRequestType
NETWORK_REQUEST_TYPE_FETCH: NetworkRequestType
NETWORK_REQUEST_TYPE_WEBSOCKET: NetworkRequestType

class Event(_message.Message):
    __slots__ = ("event_id", "session_id", "user_id", "project_id", "event_type", "timestamp", "page", "device", "custom", "device_id", "session_start", "session_end", "page_view", "page_exit", "click", "mouse_move", "scroll", "input_change", "input_focus", "form_submit", "js_error", "performance", "network_request", "custom_event", "identify", "replay")
    class CustomEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_START_FIELD_NUMBER: _ClassVar[int]
    SESSION_END_FIELD_NUMBER: _ClassVar[int]
    PAGE_VIEW_FIELD_NUMBER: _ClassVar[int]
    PAGE_EXIT_FIELD_NUMBER: _ClassVar[int]
    CLICK_FIELD_NUMBER: _ClassVar[int]
    MOUSE_MOVE_FIELD_NUMBER: _ClassVar[int]
    SCROLL_FIELD_NUMBER: _ClassVar[int]
    INPUT_CHANGE_FIELD_NUMBER: _ClassVar[int]
    INPUT_FOCUS_FIELD_NUMBER: _ClassVar[int]
    FORM_SUBMIT_FIELD_NUMBER: _ClassVar[int]
    JS_ERROR_FIELD_NUMBER: _ClassVar[int]
    PERFORMANCE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_REQUEST_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_EVENT_FIELD_NUMBER: _ClassVar[int]
    IDENTIFY_FIELD_NUMBER: _ClassVar[int]
    REPLAY_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    session_id: str
    user_id: str
    project_id: str
    event_type: EventType
    timestamp: _common_pb2.Timestamp
    page: _common_pb2.PageContext
    device: _common_pb2.DeviceInfo
    custom: _containers.ScalarMap[str, str]
    device_id: str
    session_start: SessionStartPayload
    session_end: SessionEndPayload
    page_view: PageViewPayload
    page_exit: PageExitPayload
    click: ClickPayload
    mouse_move: MouseMovePayload
    scroll: ScrollPayload
    input_change: InputChangePayload
    input_focus: InputFocusPayload
    form_submit: FormSubmitPayload
    js_error: JsErrorPayload
    performance: PerformancePayload
    network_request: NetworkRequestPayload
    custom_event: CustomEventPayload
    identify: IdentifyPayload
    replay: _replay_pb2.ReplayEventPayload
    def __init__(self, event_id: _Optional[str] = ..., session_id: _Optional[str] = ..., user_id: _Optional[str] = ..., project_id: _Optional[str] = ..., event_type: _Optional[_Union[EventType, str]] = ..., timestamp: _Optional[_Union[_common_pb2.Timestamp, _Mapping]] = ..., page: _Optional[_Union[_common_pb2.PageContext, _Mapping]] = ..., device: _Optional[_Union[_common_pb2.DeviceInfo, _Mapping]] = ..., custom: _Optional[_Mapping[str, str]] = ..., device_id: _Optional[str] = ..., session_start: _Optional[_Union[SessionStartPayload, _Mapping]] = ..., session_end: _Optional[_Union[SessionEndPayload, _Mapping]] = ..., page_view: _Optional[_Union[PageViewPayload, _Mapping]] = ..., page_exit: _Optional[_Union[PageExitPayload, _Mapping]] = ..., click: _Optional[_Union[ClickPayload, _Mapping]] = ..., mouse_move: _Optional[_Union[MouseMovePayload, _Mapping]] = ..., scroll: _Optional[_Union[ScrollPayload, _Mapping]] = ..., input_change: _Optional[_Union[InputChangePayload, _Mapping]] = ..., input_focus: _Optional[_Union[InputFocusPayload, _Mapping]] = ..., form_submit: _Optional[_Union[FormSubmitPayload, _Mapping]] = ..., js_error: _Optional[_Union[JsErrorPayload, _Mapping]] = ..., performance: _Optional[_Union[PerformancePayload, _Mapping]] = ..., network_request: _Optional[_Union[NetworkRequestPayload, _Mapping]] = ..., custom_event: _Optional[_Union[CustomEventPayload, _Mapping]] = ..., identify: _Optional[_Union[IdentifyPayload, _Mapping]] = ..., replay: _Optional[_Union[_replay_pb2.ReplayEventPayload, _Mapping]] = ...) -> None: ...

class SessionStartPayload(_message.Message):
    __slots__ = ("is_new_user", "entry_url", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "referrer_domain", "is_partial")
    IS_NEW_USER_FIELD_NUMBER: _ClassVar[int]
    ENTRY_URL_FIELD_NUMBER: _ClassVar[int]
    UTM_SOURCE_FIELD_NUMBER: _ClassVar[int]
    UTM_MEDIUM_FIELD_NUMBER: _ClassVar[int]
    UTM_CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    UTM_TERM_FIELD_NUMBER: _ClassVar[int]
    UTM_CONTENT_FIELD_NUMBER: _ClassVar[int]
    REFERRER_DOMAIN_FIELD_NUMBER: _ClassVar[int]
    IS_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    is_new_user: bool
    entry_url: str
    utm_source: str
    utm_medium: str
    utm_campaign: str
    utm_term: str
    utm_content: str
    referrer_domain: str
    is_partial: bool
    def __init__(self, is_new_user: _Optional[bool] = ..., entry_url: _Optional[str] = ..., utm_source: _Optional[str] = ..., utm_medium: _Optional[str] = ..., utm_campaign: _Optional[str] = ..., utm_term: _Optional[str] = ..., utm_content: _Optional[str] = ..., referrer_domain: _Optional[str] = ..., is_partial: _Optional[bool] = ...) -> None: ...

class SessionEndPayload(_message.Message):
    __slots__ = ("duration_ms", "page_count", "event_count", "end_reason")
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    PAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    duration_ms: int
    page_count: int
    event_count: int
    end_reason: SessionEndReason
    def __init__(self, duration_ms: _Optional[int] = ..., page_count: _Optional[int] = ..., event_count: _Optional[int] = ..., end_reason: _Optional[_Union[SessionEndReason, str]] = ...) -> None: ...

class PageViewPayload(_message.Message):
    __slots__ = ("page_title", "page_path", "page_hash")
    PAGE_TITLE_FIELD_NUMBER: _ClassVar[int]
    PAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    PAGE_HASH_FIELD_NUMBER: _ClassVar[int]
    page_title: str
    page_path: str
    page_hash: str
    def __init__(self, page_title: _Optional[str] = ..., page_path: _Optional[str] = ..., page_hash: _Optional[str] = ...) -> None: ...

class PageExitPayload(_message.Message):
    __slots__ = ("time_on_page_ms", "max_scroll_depth", "exit_url")
    TIME_ON_PAGE_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_SCROLL_DEPTH_FIELD_NUMBER: _ClassVar[int]
    EXIT_URL_FIELD_NUMBER: _ClassVar[int]
    time_on_page_ms: int
    max_scroll_depth: int
    exit_url: str
    def __init__(self, time_on_page_ms: _Optional[int] = ..., max_scroll_depth: _Optional[int] = ..., exit_url: _Optional[str] = ...) -> None: ...

class ClickPayload(_message.Message):
    __slots__ = ("position", "target", "button")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    BUTTON_FIELD_NUMBER: _ClassVar[int]
    position: _common_pb2.Position
    target: _common_pb2.TargetElement
    button: MouseButton
    def __init__(self, position: _Optional[_Union[_common_pb2.Position, _Mapping]] = ..., target: _Optional[_Union[_common_pb2.TargetElement, _Mapping]] = ..., button: _Optional[_Union[MouseButton, str]] = ...) -> None: ...

class MouseMovePayload(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[MousePosition]
    def __init__(self, positions: _Optional[_Iterable[_Union[MousePosition, _Mapping]]] = ...) -> None: ...

class MousePosition(_message.Message):
    __slots__ = ("x", "y", "timestamp")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    x: int
    y: int
    timestamp: int
    def __init__(self, x: _Optional[int] = ..., y: _Optional[int] = ..., timestamp: _Optional[int] = ...) -> None: ...

class ScrollPayload(_message.Message):
    __slots__ = ("scroll_top", "scroll_depth_px", "scroll_depth_percent", "page_height", "direction", "velocity")
    SCROLL_TOP_FIELD_NUMBER: _ClassVar[int]
    SCROLL_DEPTH_PX_FIELD_NUMBER: _ClassVar[int]
    SCROLL_DEPTH_PERCENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    VELOCITY_FIELD_NUMBER: _ClassVar[int]
    scroll_top: int
    scroll_depth_px: int
    scroll_depth_percent: int
    page_height: int
    direction: ScrollDirection
    velocity: float
    def __init__(self, scroll_top: _Optional[int] = ..., scroll_depth_px: _Optional[int] = ..., scroll_depth_percent: _Optional[int] = ..., page_height: _Optional[int] = ..., direction: _Optional[_Union[ScrollDirection, str]] = ..., velocity: _Optional[float] = ...) -> None: ...

class InputChangePayload(_message.Message):
    __slots__ = ("target", "value_length", "is_masked")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    VALUE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    IS_MASKED_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.TargetElement
    value_length: int
    is_masked: bool
    def __init__(self, target: _Optional[_Union[_common_pb2.TargetElement, _Mapping]] = ..., value_length: _Optional[int] = ..., is_masked: _Optional[bool] = ...) -> None: ...

class InputFocusPayload(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: _common_pb2.TargetElement
    def __init__(self, target: _Optional[_Union[_common_pb2.TargetElement, _Mapping]] = ...) -> None: ...

class FormSubmitPayload(_message.Message):
    __slots__ = ("form_id", "form_name", "success", "time_to_complete_ms", "field_count")
    FORM_ID_FIELD_NUMBER: _ClassVar[int]
    FORM_NAME_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    TIME_TO_COMPLETE_MS_FIELD_NUMBER: _ClassVar[int]
    FIELD_COUNT_FIELD_NUMBER: _ClassVar[int]
    form_id: str
    form_name: str
    success: bool
    time_to_complete_ms: int
    field_count: int
    def __init__(self, form_id: _Optional[str] = ..., form_name: _Optional[str] = ..., success: _Optional[bool] = ..., time_to_complete_ms: _Optional[int] = ..., field_count: _Optional[int] = ...) -> None: ...

class JsErrorPayload(_message.Message):
    __slots__ = ("message", "stack", "filename", "lineno", "colno", "error_type")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STACK_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    LINENO_FIELD_NUMBER: _ClassVar[int]
    COLNO_FIELD_NUMBER: _ClassVar[int]
    ERROR_TYPE_FIELD_NUMBER: _ClassVar[int]
    message: str
    stack: str
    filename: str
    lineno: int
    colno: int
    error_type: str
    def __init__(self, message: _Optional[str] = ..., stack: _Optional[str] = ..., filename: _Optional[str] = ..., lineno: _Optional[int] = ..., colno: _Optional[int] = ..., error_type: _Optional[str] = ...) -> None: ...

class PerformancePayload(_message.Message):
    __slots__ = ("ttfb", "dom_content_loaded", "load_complete", "first_paint", "first_contentful_paint", "largest_contentful_paint", "cumulative_layout_shift", "first_input_delay", "interaction_to_next_paint")
    TTFB_FIELD_NUMBER: _ClassVar[int]
    DOM_CONTENT_LOADED_FIELD_NUMBER: _ClassVar[int]
    LOAD_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FIRST_PAINT_FIELD_NUMBER: _ClassVar[int]
    FIRST_CONTENTFUL_PAINT_FIELD_NUMBER: _ClassVar[int]
    LARGEST_CONTENTFUL_PAINT_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_LAYOUT_SHIFT_FIELD_NUMBER: _ClassVar[int]
    FIRST_INPUT_DELAY_FIELD_NUMBER: _ClassVar[int]
    INTERACTION_TO_NEXT_PAINT_FIELD_NUMBER: _ClassVar[int]
    ttfb: int
    dom_content_loaded: int
    load_complete: int
    first_paint: int
    first_contentful_paint: int
    largest_contentful_paint: int
    cumulative_layout_shift: float
    first_input_delay: int
    interaction_to_next_paint: int
    def __init__(self, ttfb: _Optional[int] = ..., dom_content_loaded: _Optional[int] = ..., load_complete: _Optional[int] = ..., first_paint: _Optional[int] = ..., first_contentful_paint: _Optional[int] = ..., largest_contentful_paint: _Optional[int] = ..., cumulative_layout_shift: _Optional[float] = ..., first_input_delay: _Optional[int] = ..., interaction_to_next_paint: _Optional[int] = ...) -> None: ...

class NetworkRequestPayload(_message.Message):
    __slots__ = ("method", "url", "status", "duration_ms", "request_size", "response_size", "request_type")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_SIZE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_SIZE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_TYPE_FIELD_NUMBER: _ClassVar[int]
    method: str
    url: str
    status: int
    duration_ms: int
    request_size: int
    response_size: int
    request_type: NetworkRequestType
    def __init__(self, method: _Optional[str] = ..., url: _Optional[str] = ..., status: _Optional[int] = ..., duration_ms: _Optional[int] = ..., request_size: _Optional[int] = ..., response_size: _Optional[int] = ..., request_type: _Optional[_Union[NetworkRequestType, str]] = ...) -> None: ...

class CustomEventPayload(_message.Message):
    __slots__ = ("name", "properties", "category")
    class PropertiesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    name: str
    properties: _containers.ScalarMap[str, str]
    category: str
    def __init__(self, name: _Optional[str] = ..., properties: _Optional[_Mapping[str, str]] = ..., category: _Optional[str] = ...) -> None: ...

class IdentifyPayload(_message.Message):
    __slots__ = ("user_id", "traits")
    class TraitsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    traits: _containers.ScalarMap[str, str]
    def __init__(self, user_id: _Optional[str] = ..., traits: _Optional[_Mapping[str, str]] = ...) -> None: ...
