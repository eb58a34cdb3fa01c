posthog.init(KEY, {api_host: DOOR, defaults: "2025-05-24"});
