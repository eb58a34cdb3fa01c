(function () {
  var door = "https://ingest.example", key = "gs_…", quiet = 30 * 60 * 1000, buffer = [];
  function session() {            // a new one after 30 minutes of silence
    var now = Date.now(), known = JSON.parse(localStorage.getItem("hxi") || "{}");
    if (!known.id || now - known.at > quiet) known = {id: crypto.randomUUID()};
    localStorage.setItem("hxi", JSON.stringify({id: known.id, at: now}));
    return known.id;
  }
  var id = session(), tab = sessionStorage.hxi || (sessionStorage.hxi = crypto.randomUUID());
  function send(path, body) {
    body.session = id;
    body.href = location.href;
    var url = door + path + "?key=" + key, text = JSON.stringify(body);
    if (!(text.length < 6e4 && navigator.sendBeacon(url, text))) fetch(url, {method: "POST", body: text});
  }
  function flush() {
    if (!buffer.length) return;
    send("/v1/replay", {events: buffer, window: tab, title: document.title, referrer: document.referrer,
      ua: navigator.userAgent, w: innerWidth, h: innerHeight, height: document.documentElement.scrollHeight});
    buffer = [];
  }
  rrweb.record({emit: function (event) { session(); buffer.push(event); }, maskAllInputs: true});
  function say(tag, payload) { rrweb.record.addCustomEvent(tag, payload); }
  var push = history.pushState;
  history.pushState = function () { push.apply(history, arguments); say("$pageview", {href: location.href}); };
  addEventListener("popstate", function () { say("$pageview", {href: location.href}); });
  addEventListener("error", function (e) {
    if (e.error) say("error", {message: e.error.message, type: e.error.name, stack: e.error.stack, filename: e.filename});
  });
  addEventListener("submit", function (e) { say("submit", {id: e.target.id}); flush(); }, true);
  addEventListener("pagehide", flush);
  setInterval(flush, 2000);
  ["onLCP", "onCLS", "onINP", "onFCP", "onTTFB"].forEach(function (name) {
    webVitals[name](function (m) { send("/v1/vitals", {name: m.name, value: m.value, id: m.id, at: Date.now()}); });
  });
})();
