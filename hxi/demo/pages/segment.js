var analytics = AnalyticsNext.AnalyticsBrowser.load({writeKey: KEY, cdnURL: DOOR});
analytics.page();
addEventListener("click", function (e) {
  if (e.target.id) analytics.track("Clicked", {id: e.target.id, text: e.target.textContent});
}, true);
addEventListener("submit", function () { analytics.identify("user-42"); analytics.track("Order Completed"); });
