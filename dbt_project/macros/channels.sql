{#- Where a visit came from, by the rules of Google Analytics' default channel groups
    (support.google.com/analytics/answer/9756891). -#}

{#- The kind of a source by seed traffic_sources: of a host also the hosts it is part of, then its name alone; '' for
    none. -#}
{% macro source_kind(source) -%}
    {%- set kinds -%}
        (select mapFromArrays(groupArray(source), groupArray(kind)) from {{ ref('traffic_sources') }})
    {%- endset -%}
    arrayFirst(kind -> kind != '', arrayMap(name -> {{ kinds }}[name], arrayConcat(
        arrayMap(skipped -> arrayStringConcat(arraySlice(splitByChar('.', {{ source }}), skipped), '.'), range(1, length(splitByChar('.', {{ source }})) + 1)),
        [firstSignificantSubdomain(concat('http://', {{ source }}))]
    )))
{%- endmacro %}

{#- What an advertisement's click id in a URL says: 'google cpc' and the like; '' for none. -#}
{% macro click_id_source(url) -%}
    multiIf(
        match({{ url }}, '[?&](?:gclid|gbraid|wbraid|gclsrc)='), 'google cpc',
        match({{ url }}, '[?&]dclid='), 'google display',
        match({{ url }}, '[?&]msclkid='), 'bing cpc',
        ''
    )
{%- endmacro %}

{#- The channel. `source`, `medium` and `campaign` in lower case; `kind`: of the source. -#}
{% macro channel(source, medium, campaign, kind, is_internal) -%}
    {%- set paid = "match(" ~ medium ~ ", '^(?:.*cp.*|ppc|retargeting|paid.*)$')" -%}
    {%- set shop = "(" ~ kind ~ " = 'shopping' or match(" ~ campaign ~ ", '^(?:.*(?:(?:[^a-df-z]|^)shop|shopping).*)$'))" -%}
    {%- set mail = "('email', 'e-mail', 'e_mail', 'e mail')" -%}
    multiIf(
        {{ is_internal }}, 'Internal',
        {{ source }} = '' and {{ medium }} = '' and {{ campaign }} = '', 'Direct',
        {{ source }} in ('(direct)', 'direct') and {{ medium }} in ('', '(none)', '(not set)', 'none'), 'Direct',
        position({{ campaign }}, 'cross-network') > 0, 'Cross-network',
        {{ shop }} and {{ paid }}, 'Paid Shopping',
        {{ kind }} = 'search' and {{ paid }}, 'Paid Search',
        {{ kind }} = 'social' and {{ paid }}, 'Paid Social',
        {{ kind }} = 'video' and {{ paid }}, 'Paid Video',
        {{ medium }} in ('display', 'banner', 'expandable', 'interstitial', 'cpm'), 'Display',
        {{ paid }}, 'Paid Other',
        {{ shop }}, 'Organic Shopping',
        {{ source }} in {{ mail }} or {{ medium }} in {{ mail }}, 'Email',
        {{ kind }} = 'social' or {{ medium }} in ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media'), 'Organic Social',
        {{ kind }} = 'video' or position({{ medium }}, 'video') > 0, 'Organic Video',
        {{ kind }} = 'search' or {{ medium }} = 'organic', 'Organic Search',
        {{ medium }} in ('referral', 'app', 'link'), 'Referral',
        {{ medium }} = 'affiliate', 'Affiliates',
        {{ medium }} = 'audio', 'Audio',
        {{ source }} = 'sms' or {{ medium }} = 'sms', 'SMS',
        {{ source }} = 'firebase' or endsWith({{ medium }}, 'push') or match({{ medium }}, 'mobile|notification'), 'Mobile Push Notifications',
        'Unassigned'
    )
{%- endmacro %}
