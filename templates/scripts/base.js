/* What the scripts after this one share: making elements, the state of the view in the page's address, the clipboard,
   round numbers for axes. */
window.reportgen = (function () {
  "use strict";
  const NBSP = "\u00a0", MINUS = "\u2212", LARGE = 1e15;
  const news = new Map();
  let waiting = 0;

  /* Makes an element, `"p.small"` with classes, `"svg:g"` of a drawing. Of its attributes those that are functions are
     listeners, and null and false are none; what records say goes in as text alone. */
  function make(kind, ...children) {
    const [, space, tag, classes] = /^(svg:)?(\w+)(.*)$/.exec(kind);
    const made = space ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    if (classes) made.setAttribute("class", classes.replace(/\./g, " ").trim());
    for (const child of children.flat(9)) {
      if (child === null || child === undefined || child === "") continue;
      if (typeof child === "string" || child.nodeType) made.append(child);
      else {
        for (const [name, value] of Object.entries(child)) {
          if (typeof value === "function") made.addEventListener(name, value);
          else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
        }
      }
    }
    return made;
  }

  function read(name) {
    return news.has(name) ? news.get(name) : new URLSearchParams(location.search).get(name) || "";
  }

  /* Keeps a value in the address soon: browsers limit how often it may change. An empty value leaves it. What others
     keep there stays as it is. */
  function keep(name, value) {
    news.set(name, value);
    clearTimeout(waiting);
    waiting = setTimeout(write, 150);
  }

  function write() {
    const parts = location.search.slice(1).split("&").filter((part) => part && !news.has(part.split("=")[0]));
    news.forEach((value, name) => { if (value) parts.push(name + "=" + encodeURIComponent(value).replace(/%2C/g, ",")); });
    try {
      history.replaceState(history.state, "", location.pathname + (parts.length ? "?" + parts.join("&") : "") + location.hash);
      news.clear();
    } catch (denied) { /* some frames may not: the view then holds for this page */ }
  }

  /* Copies a text and says so on the button for a moment. */
  function copy(text, button) {
    function said(done) {
      const before = button.textContent;
      if (button.dataset.said) return;
      button.dataset.said = before;
      button.textContent = done ? "Copied" : "Not allowed";
      setTimeout(() => { button.textContent = before; delete button.dataset.said; }, 1500);
    }
    function byHand() {
      const area = make("textarea.vh");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      button.focus();
      said(done);
    }
    if (!navigator.clipboard) byHand();
    else navigator.clipboard.writeText(text).then(() => said(true), byHand);
  }

  /* Chooses about n round numbers that cover a range. */
  function niceTicks(low, high, n) {
    if (!(high > low)) return [];
    const raw = 2 * ((high / 2 - low / 2) / n), exponent = Math.floor(Math.log10(raw)), size = raw / Number(`1e${exponent}`);
    const mantissa = [1, 2, 5, 10][[Math.SQRT2, 3, Math.sqrt(50), Infinity].findIndex((limit) => size < limit)];
    const at = (k) => Number(`${k * mantissa}e${exponent}`);
    const ticks = [];
    for (let k = Math.floor(low / at(1)) - 1; !ticks.length || ticks[ticks.length - 1] < high; k++) if (at(k + 1) > low) ticks.push(at(k));
    return ticks.filter(Number.isFinite);
  }

  /* Chooses round numbers of a logarithmic axis, all within a range. */
  function logTicks(low, high) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high)), stride = Math.max(1, Math.ceil((last - first) / 6));
    const isIn = (tick) => tick >= low && tick <= high;
    let ticks = [];
    for (let exponent = Math.ceil(first / stride) * stride; exponent <= last; exponent += stride) {
      for (const mantissa of last - first <= 3 ? [1, 2, 5] : [1]) ticks.push(Number(`${mantissa}e${exponent}`));
    }
    ticks = ticks.filter(isIn);
    return ticks.length > 1 ? ticks : niceTicks(low, high, 4).filter(isIn);
  }

  const group = (digits) => digits.replace(/^\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

  /* Writes a round number shortly. */
  function formatTick(value) {
    const size = Math.abs(value), [unit, suffix] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([one]) => size >= 1e5 && size >= one) || [1, ""];
    const text = size && (size < 1e-4 || size >= LARGE) ? String(Number(size.toExponential(6)).toExponential()).replace("e+", "e").replace("-", MINUS)
      : group(String(Number((size / unit).toPrecision(12)))) + (suffix && NBSP + suffix);
    return (value < 0 ? MINUS : "") + text;
  }

  /* Gives numbers with one unit as many decimals as the longest of them needs; nought has none. */
  function alignDecimals(labels) {
    const parts = labels.map((label) => /^(−?[\d,]+)(?:\.(\d+))?(\D*)$/.exec(label)), most = {};
    parts.forEach((part) => { if (part) most[part[3]] = Math.max(most[part[3]] || 0, (part[2] || "").replace(/0+$/, "").length); });
    return parts.map((part, i) => {
      if (!part) return labels[i];
      const n = /[1-9]/.test(part[1] + part[2]) ? most[part[3]] : 0;
      return part[1] + (n ? "." + (part[2] || "").slice(0, n).padEnd(n, "0") : "") + part[3];
    });
  }

  return { make, read, keep, copy, niceTicks, logTicks, group, formatTick, alignDecimals, NBSP, MINUS, LARGE };
})();
