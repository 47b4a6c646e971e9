/* Keeps a served page up to date. What changed within the page is set where it stands, so that everything a reader
   opened, sorted, chose or scrolled to stays; a page of another shape is loaded anew, at the same place, when the reader
   is not in the midst of something. Waits with one request, and only while the page can be seen. */
(function () {
  "use strict";
  var HELD = "input.choice:checked, .tip:not([hidden]), .readout:not([hidden])";
  var ADDED_TO = "table:not(.peek *), pre, details, h2, .tools, .plot[data-x], .dag, .film, .pictures, a.choose, form, input";
  var KEPT = "reportgen-live";
  var build = document.currentScript.dataset.build;
  var told = "", known = null, twins = null, asking = null, wanted = "", swaps = new Map(), line = null, sign = null, tries = 0;
  var sheet = new CSSStyleSheet();
  sheet.replaceSync("html{overflow-anchor:none}.live-line{position:sticky;bottom:0;z-index:2;margin:1rem 0 0;padding:.5rem .75rem;background:var(--wash);border:1px solid var(--edge);font-size:.875rem}"
    + ".live-line[hidden]{display:none}.live-line button{margin-left:.75rem}.live{color:var(--ok)}.live.off{color:var(--warn)}@media print{.live-line,.live{display:none}}");
  document.adoptedStyleSheets = Array.from(document.adoptedStyleSheets).concat(sheet);
  var main = document.querySelector("main");
  learn(main, main.cloneNode(true));
  document.addEventListener("DOMContentLoaded", function () {
    addSigns();
    recall();
    listen();
  });
  document.addEventListener("visibilitychange", function () { if (document.hidden) hush(); else listen(); });
  window.addEventListener("pagehide", hush);
  window.addEventListener("pageshow", function (event) { if (event.persisted) listen(); });

  /* What the page held before other scripts changed it, and where each piece of that stands now. */
  function learn(live, copy) {
    known = copy;
    twins = new Map();
    twin(live, copy, twins);
  }

  function addSigns() {
    var built = document.querySelector(".built");
    sign = document.createElement("span");
    line = document.createElement("div");
    line.className = "live-line";
    line.setAttribute("role", "status");
    line.hidden = true;
    document.body.append(line);
    if (built) built.prepend(sign);
    show(true);
  }

  function show(isLive) {
    sign.className = isLive ? "live" : "live off";
    sign.textContent = isLive ? "Live · " : "Not live · ";
  }

  function tell(text, word, act) {
    var button;
    if (line.dataset.text === text) return;
    line.dataset.text = text;
    line.textContent = text;
    line.hidden = !text;
    if (!word) return;
    button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    button.addEventListener("click", act);
    line.append(button);
  }

  /* Waiting for the next state */

  function hush() {
    if (asking) asking.abort();
    asking = null;
  }

  function listen() {
    var mine;
    if (asking || document.hidden) return;
    mine = asking = new AbortController();
    fetch("/.live/wait?build=" + encodeURIComponent(build) + "&note=" + encodeURIComponent(told), { signal: mine.signal }).then(function (answer) {
      return answer.json();
    }).then(function (state) {
      if (tries || state.note !== told) tell(state.note);
      tries = 0;
      told = state.note;
      show(true);
      if (state.build && state.build !== build) return refresh(state.build);
    }).then(function () {
      if (asking === mine) { asking = null; listen(); }
    }, function () {
      if (asking !== mine) return;
      asking = null;
      if (++tries === 2) {
        show(false);
        tell("reportgen serve has ended, or cannot be reached. This is what it showed last.");
      }
      setTimeout(listen, Math.min(5000, 300 * tries));
    });
  }

  /* Bringing the page up to date */

  function refresh(next) {
    return fetch(location.pathname + location.search, { cache: "no-store" }).then(function (answer) {
      return answer.text().then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        build = next;
        wanted = "";
        restamp(next);
        if (answer.status !== 404) {
          tell(told);
          take(page, next);
        } else if (!known.isEqualNode(page.querySelector("main"))) {
          tell("This page is gone: its run or artifact is not in the logs any more. What it showed last stays until you leave.");
        }
      });
    });
  }

  /* The site's date and size stand in a style of their own. */
  function restamp(next) {
    var link = document.querySelector("link[href*='static/stamp.css']"), fresh;
    if (!link) return;
    fresh = link.cloneNode();
    fresh.href = link.getAttribute("href").replace(/\?.*$/, "") + "?" + next;
    fresh.addEventListener("load", function () { link.remove(); });
    link.after(fresh);
  }

  function take(page, next) {
    var fresh = page.querySelector("main"), changes = [];
    if (!fresh || headOf(page) !== headOf(document) || !compare(known, fresh, changes)) { renew(next); return; }
    if (!changes.every(function (change) { return change.fits(); })) { renew(next); return; }
    var held = hold();
    changes.forEach(function (change) { change.make(); });
    relearn(fresh, changes);
    letGo(held);
    document.title = page.title;
  }

  /* What the reader sees stays where it is when something above it grows; not every browser does that by itself. */
  function hold() {
    var anchor = Array.from(main.querySelectorAll("[id]")).find(function (one) { return one.getBoundingClientRect().bottom > 0; });
    return { id: anchor ? anchor.id : "", top: anchor ? anchor.getBoundingClientRect().top : 0 };
  }

  function letGo(held) {
    var anchor = held.id && window.scrollY > 0 && document.getElementById(held.id);
    if (anchor) window.scrollTo({ top: window.scrollY + anchor.getBoundingClientRect().top - held.top, behavior: "instant" });
  }

  function headOf(page) {
    return Array.from(page.head.querySelectorAll("script[src], link[rel=stylesheet]:not([href*='static/stamp.css'])"), function (one) {
      return one.getAttribute("src") || one.getAttribute("href");
    }).join();
  }

  function relearn(fresh, changes) {
    var places = new Map();
    swaps = new Map();
    changes.forEach(function (change) { if (change.pair) swaps.set(change.other, change); });
    pair(known, fresh, places);
    known = fresh;
    twins = places;
  }

  function pair(one, other, places) {
    places.set(other, twins.get(one));
    if (swaps.has(other)) { swaps.get(other).pair(places); return; }
    for (var a = one.firstChild, b = other.firstChild; b; a = a.nextSibling, b = b.nextSibling) pair(a, b, places);
  }

  function twin(live, copy, places) {
    places.set(copy, live);
    for (var a = live.firstChild, b = copy.firstChild; b; a = a.nextSibling, b = b.nextSibling) twin(a, b, places);
  }

  /* Lists what differs between two states of the page; false when something of another kind stands in its place. */
  function compare(one, other, changes) {
    var a, b;
    if (one.nodeName !== other.nodeName) return false;
    if (one.nodeType !== 1) {
      if (one.data !== other.data) changes.push(textChange(one, other));
      return true;
    }
    new Set(one.getAttributeNames().concat(other.getAttributeNames())).forEach(function (name) {
      if (one.getAttribute(name) !== other.getAttribute(name)) changes.push(attributeChange(one, other, name));
    });
    if (namesIn(one) !== namesIn(other)) {
      changes.push(swap(one, other));
      return true;
    }
    for (a = one.firstChild, b = other.firstChild; b; a = a.nextSibling, b = b.nextSibling) compare(a, b, changes);
    return true;
  }

  function namesIn(element) {
    return Array.from(element.childNodes, function (child) { return child.nodeName; }).join();
  }

  /* A change fits where no script changed the place before. What scripts add to has to be there when they run. */
  function textChange(one, other) {
    var live = twins.get(one);
    return {
      fits: function () { return live.isConnected && live.data === one.data && !live.parentNode.closest(".plot[data-x]"); },
      make: function () { live.data = other.data; }
    };
  }

  function attributeChange(one, other, name) {
    var live = twins.get(one);
    return {
      fits: function () { return live.isConnected && live.getAttribute(name) === one.getAttribute(name) && !live.closest(".plot[data-x]"); },
      make: function () {
        if (other.hasAttribute(name)) live.setAttribute(name, other.getAttribute(name)); else live.removeAttribute(name);
      }
    };
  }

  /* Takes the children of which there were others before; those before and after them stay. */
  function swap(one, other) {
    var live = twins.get(one), old = Array.from(one.childNodes), now = Array.from(other.childNodes), head = 0, tail = 0, made;
    while (head < old.length && head < now.length && old[head].isEqualNode(now[head])) head++;
    while (tail < Math.min(old.length, now.length) - head && old[old.length - 1 - tail].isEqualNode(now[now.length - 1 - tail])) tail++;
    old = old.slice(head, old.length - tail).map(function (child) { return twins.get(child); });
    now = now.slice(head, now.length - tail);
    var after = tail ? twins.get(one.childNodes[one.childNodes.length - tail]) : null;
    return {
      other: other,
      fits: function () {
        return live.isConnected && !live.closest("table, pre, .plot[data-x], .dag") && (!after || after.parentNode === live)
          && old.every(function (child, at) { return child.parentNode === live && !child.contains(document.activeElement) && child.isEqualNode(one.childNodes[head + at]); })
          && now.every(function (child) { return child.nodeType !== 1 || !(child.matches(ADDED_TO) || child.querySelector(ADDED_TO)); });
      },
      make: function () {
        made = now.map(function (child) { return child.cloneNode(true); });
        old.forEach(function (child) { child.remove(); });
        made.forEach(function (child) { live.insertBefore(child, after); });
      },
      pair: function (places) { /* what stands where now */
        Array.from(other.childNodes).forEach(function (child, at) {
          var isNew = at >= head && at < head + now.length;
          var kept = one.childNodes[at < head ? at : one.childNodes.length - other.childNodes.length + at];
          if (isNew) twin(made[at - head], child, places); else pair(kept, child, places);
        });
      }
    };
  }

  /* Loading the page anew */

  function isBusy() {
    var active = document.activeElement, chosen = window.getSelection();
    return (chosen && !chosen.isCollapsed) || Boolean(main.querySelector(HELD))
      || (active && active.matches("main :is(input:not([type=checkbox], [type=radio], [type=range]), textarea, select)"));
  }

  function renew(next) {
    if (wanted && wanted !== next) return;
    wanted = next;
    if (!isBusy()) { reload(); return; }
    tell("There is something new on this page.", "Show it", reload);
    setTimeout(function () { if (wanted === next) { wanted = ""; renew(next); } }, 1000);
  }

  function reload() {
    var state = {
      at: location.pathname,
      y: window.scrollY,
      held: hold(),
      open: Array.from(main.querySelectorAll("details"), function (one) { return [nameOf(one), one.open]; }),
      focus: document.activeElement === document.body ? null : pathTo(document.activeElement),
      scrolled: Array.from(main.querySelectorAll(".scroll"), function (one) { return [one.scrollLeft, one.scrollTop]; })
    };
    try { sessionStorage.setItem(KEPT, JSON.stringify(state)); } catch (denied) { /* it is kept by the browser then */ }
    hush();
    location.reload();
  }

  function nameOf(details) {
    var section = details.closest("[id]"), name = details.querySelector("summary");
    return (section ? section.id : "") + " " + (name ? name.textContent.replace(/\d[\d,.]*/g, "") : "");
  }

  function pathTo(element) {
    var path = [];
    for (var at = element; at && at !== document.body; at = at.parentElement) path.unshift(Array.prototype.indexOf.call(at.parentElement.children, at));
    return path;
  }

  /* Puts a page that was loaded anew as the reader had it. */
  function recall() {
    var state = null, focus = document.body, open = new Map();
    try {
      state = JSON.parse(sessionStorage.getItem(KEPT));
      sessionStorage.removeItem(KEPT);
    } catch (denied) { return; }
    if (!state || state.at !== location.pathname) return;
    state.open.forEach(function (pair) { open.set(pair[0], pair[1]); });
    main.querySelectorAll("details").forEach(function (one) { if (open.has(nameOf(one))) one.open = open.get(nameOf(one)); });
    main.querySelectorAll(".scroll").forEach(function (one, at) { if (state.scrolled[at]) one.scrollTo(state.scrolled[at][0], state.scrolled[at][1]); });
    (state.focus || []).forEach(function (at) { focus = focus && focus.children[at]; });
    if (state.focus && focus) focus.focus({ preventScroll: true });
    if (state.y > 0) window.scrollTo(0, state.y);
    letGo(state.held);
  }
})();
