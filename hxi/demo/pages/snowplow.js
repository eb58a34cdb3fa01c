var snowplow = snowplowBrowserTracking;
snowplow.newTracker("hxi", DOOR, {appId: KEY, contexts: {session: true, browser: true}});
snowplow.enableActivityTracking({minimumVisitLength: 2, heartbeatDelay: 2});
snowplow.trackPageView();
addEventListener("click", function (e) {
  if (e.target.id) snowplow.trackStructEvent({category: "ui", action: "click", label: e.target.id});
}, true);
