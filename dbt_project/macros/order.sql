{#- The order of events everywhere: (timestamp, order sent, text of event_id). ClickHouse sorts UUIDs by their
    second half; UUIDToNum is big-endian, so its bytes sort as the text does. -#}
{% macro event_order() -%}
    (timestamp, sent_order, UUIDToNum(event_id))
{%- endmacro %}

{#- The same order as one number, which an ASOF join can compare: 8 bytes of time, 8 of order sent, 16 of the id. -#}
{% macro event_order_number() -%}
    reinterpretAsUInt256(concat(
        reverse(UUIDToNum(event_id)),
        reinterpretAsFixedString(toUInt64(sent_order)),
        reinterpretAsFixedString(toUInt64(toUnixTimestamp64Milli(timestamp)))
    ))
{%- endmacro %}

{#- Order sent, of raw's columns: when the batch was sent, else when it came, in ms, and the place in it.
    A batch holds at most 5,000 events. -#}
{% macro sent_order() -%}
    toUInt64(toUnixTimestamp64Milli(if(toUnixTimestamp64Milli(sent_at) > 0, sent_at, ingested_at))) * 8192 + position
{%- endmacro %}
