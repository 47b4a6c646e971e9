(function () {
"use strict";
var sheet = new CSSStyleSheet();
sheet.replaceSync(".tools { font-size: .8125rem; line-height: 1.46; color: var(--quiet); white-space: nowrap; }\nbutton, select, .tools summary { font: inherit; color: var(--accent); background: none; border: 0; padding: .1875rem 0; text-align: inherit; cursor: pointer; }\n[type=search] { font: inherit; color: var(--ink); background: none; border: 0; border-bottom: 1px solid var(--edge); border-radius: 0; padding: .1875rem 0; }\n.tools > [type=search] { flex: 0 1 17rem; min-width: 4rem; } ::placeholder { color: var(--quiet); opacity: 1; }\n.tools select { min-width: 0; max-width: 9rem; background: var(--paper); } .tools select, .tools input { accent-color: var(--accent); }\n.tools details { position: relative; } .tools details[open] fieldset { position: absolute; z-index: 3; left: 0; max-height: 60vh; overflow-y: auto; width: max-content; max-width: min(20rem, 80vw); padding: .5rem .875rem; background: var(--paper); border: 1px solid var(--edge); margin: 0; }\n.tools fieldset label { padding: .1875rem 0; color: var(--ink); overflow-wrap: anywhere; white-space: normal; }\n.tools .ends { margin-left: auto; display: flex; gap: 1rem; } .tools.rows > select { display: none; }\nth:has(> .sort) { position: relative; } .sort { color: inherit; padding: 0; } .sort::before { content: \"\"; position: absolute; inset: 0; }\n.sort::after { position: absolute; padding-left: .125rem; color: var(--accent); } .sort:hover::after { content: \"↕\"; } [aria-sort=ascending] > .sort::after { content: \"▴\"; } [aria-sort=descending] > .sort::after { content: \"▾\"; }\n.tools button[style*=hidden] { pointer-events: none; } .tools.lines button[aria-label^=Zoom] { min-width: 1.5rem; text-align: center; } [type=range] { appearance: none; width: 6rem; min-width: 2.5rem; height: 1.5rem; margin: 0; background: linear-gradient(var(--edge) 0 0) center / 100% 1px no-repeat; cursor: pointer; } ::-webkit-slider-thumb { appearance: none; width: .75rem; height: .75rem; border: .375rem solid var(--accent); border-radius: 50%; } ::-moz-range-thumb { width: 0; height: 0; border: .375rem solid var(--accent); border-radius: 50%; } .tools label { display: flex; align-items: center; gap: .375rem; min-width: 0; }\n.legend button { display: inline; color: inherit; padding: 0; } [aria-pressed=false] { text-decoration: line-through; } [aria-pressed=false] svg { opacity: .3; }\n.tools .legend { display: inline-flex; flex-wrap: nowrap; overflow: hidden; }\n.chart { position: relative; } .plot { touch-action: pan-y; cursor: crosshair; user-select: none; } .faint { opacity: .35; stroke-dasharray: none; stroke-width: 1; }\n.reader { position: absolute; left: 48px; right: 16px; bottom: 28px; pointer-events: none; }\n.readout { position: absolute; z-index: 2; top: calc(100% + .375rem); padding: .25rem .5rem; width: max-content; max-width: 100%; background: var(--paper); border: 1px solid var(--edge); font-size: .8125rem; line-height: 1.46; }\n.readout b { font-weight: 600; } .readout div { display: flex; gap: .5rem; align-items: center; } .readout span { margin-left: auto; white-space: nowrap; } .readout svg { width: 1.5rem; height: .75rem; flex: none; }\n.drag { position: absolute; top: 0; bottom: 0; background: var(--accent); opacity: .15; } .cross { pointer-events: none; }\n.copied { position: relative; } .copied > .copy { position: absolute; top: .125rem; right: .5rem; background: var(--wash); font-size: .8125rem; }\ndt > .copy, .perma { position: absolute; margin-left: .375rem; padding: 0; } .perma { text-decoration: none; font-weight: 400; }\n@media (forced-colors: active) { [type=range] { appearance: auto; } }\n@media (hover: hover) { .copied:not(:hover) > .copy:not(:focus), :not(:hover) > .perma:not(:focus), .facts > :not(:hover) .copy:not(:focus) { opacity: 0; } }\n@media (max-width: 46rem) {\n.tools { gap: 0 .625rem; } .tools.rows > select { display: block; flex: 0 1 5.5rem; } .tools > [type=search] { flex: 1 1 4rem; }\n.tools.lines { overflow-x: auto; scrollbar-width: none; } .tools.lines > * { flex: none; }\n.told { display: none; } .tools .ends, .tools.rows:has(+ .stack) > details { display: none; }\n}\n.choice { flex: none; align-self: center; width: 1.125rem; height: 1.125rem; margin: 0 .25rem 0 0; accent-color: var(--accent); }\n.choosing { position: sticky; bottom: 0; display: flex; gap: .25rem 1.25rem; max-width: none; padding: .625rem 0; background: var(--paper); border-top: 1px solid var(--edge); font-size: .875rem; }\n@media print { .sort { display: contents; } .sort::before, .sort::after { content: none !important; } }\n");
document.adoptedStyleSheets = [].concat(Array.from(document.adoptedStyleSheets), sheet);
})();

(function () {
"use strict";
if (window.parent === window) return;
const isFile = location.protocol === "file:";
const held = take(document.querySelector("#content .body"));
function take(content) {
const table = content && content.querySelector("table.data");
const prose = content && content.querySelector(".prose");
if (table) return takeTable(table, content);
if (prose) return { lines: takeLines(prose) };
return { lines: content ? takeParts(content) : [] };
}
function takeTable(table, content) {
const text = (cell) => cell.textContent.trim();
return {
columns: Array.from(table.tHead.rows[0].cells, text),
numbers: Array.from(table.tHead.rows[0].cells, (cell) => cell.classList.contains("n")),
rows: Array.from(table.tBodies[0].rows, (row) => Array.from(row.cells, text)),
isCut: Boolean(document.querySelector("#content a[href*='.rows.']"))
};
}
function takeLines(prose) {
const blocks = "h1, h2, h3, h4, h5, h6, p, li, dt, dd, tr, pre, summary, figcaption";
const lines = [];
prose.querySelectorAll(blocks).forEach(function (block) {
if (block.querySelector(blocks) && block.localName !== "li") return;
if (block.localName === "pre") lines.push(...block.textContent.replace(/\n$/, "").split("\n"));
else if (block.localName === "tr") lines.push(Array.from(block.cells, (cell) => cell.textContent.trim()).join(" | "));
else lines.push(own(block, blocks));
});
return lines.filter((line) => line.trim());
}
function own(block, blocks) {
const copy = block.cloneNode(true);
copy.querySelectorAll(blocks).forEach((inner) => inner.remove());
return copy.textContent.trim().replace(/\s+/g, " ");
}
function takeParts(content) {
const lines = Array.from(content.querySelectorAll(":scope > p"), (part) => part.textContent.trim());
const link = content.querySelector(":scope > .lede a[href]");
return link ? [link.textContent, link.getAttribute("href")] : lines;
}
function say(message) {
window.parent.postMessage(message, isFile ? "*" : location.origin);
}
window.addEventListener("message", function (event) {
const isOurs = event.source === window.parent && event.origin === (isFile ? "null" : location.origin);
if (isOurs && event.data === "reportgen-asks") say({ version: held });
});
say("reportgen-ready");
})();

window.reportgen = (function () {
"use strict";
const NBSP = "\u00a0", MINUS = "\u2212", LARGE = 1e15;
const news = new Map();
let waiting = 0;
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
function niceTicks(low, high, n) {
if (!(high > low)) return [];
const raw = 2 * ((high / 2 - low / 2) / n), exponent = Math.floor(Math.log10(raw)), size = raw / Number(`1e${exponent}`);
const mantissa = [1, 2, 5, 10][[Math.SQRT2, 3, Math.sqrt(50), Infinity].findIndex((limit) => size < limit)];
const at = (k) => Number(`${k * mantissa}e${exponent}`);
const ticks = [];
for (let k = Math.floor(low / at(1)) - 1; !ticks.length || ticks[ticks.length - 1] < high; k++) if (at(k + 1) > low) ticks.push(at(k));
return ticks.filter(Number.isFinite);
}
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
function formatTick(value) {
const size = Math.abs(value), [unit, suffix] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([one]) => size >= 1e5 && size >= one) || [1, ""];
const text = size && (size < 1e-4 || size >= LARGE) ? String(Number(size.toExponential(6)).toExponential()).replace("e+", "e").replace("-", MINUS)
: group(String(Number((size / unit).toPrecision(12)))) + (suffix && NBSP + suffix);
return (value < 0 ? MINUS : "") + text;
}
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

(function () {
"use strict";
const kit = window.reportgen;
const { make, niceTicks, logTicks, formatTick, alignDecimals, NBSP } = kit;
const SCALES = [["", "auto"], ["linear", "linear"], ["log", "log"]];
const WAYS = ["x", "index", "time"];
const UNITS = [[86400 * 2, 86400, "d"], [3600 * 2, 3600, "h"], [120, 60, "min"], [0, 1, "s"]];
function round(value, step) { return Number((Math.round(value / step) * step).toPrecision(12)); }
function percent(share) { return (100 * share).toFixed(2) + "%"; }
function write(value, resolution) {
const size = Math.abs(value);
if (!(size < 1e15) || (size && size < 1e-4)) return minus(value.toExponential(2));
let digits = resolution > 0 ? Math.floor(-Math.log10(resolution) + 1e-9) : 6;
if (digits < 0) value = Math.round(value * 10 ** digits) / 10 ** digits;
digits = Math.min(12, Math.max(0, digits));
return minus(value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }));
}
function minus(text) { return text.replace(/-/g, "−"); }
function short(value) {
const size = Math.abs(value);
return size && (size < 1e-4 || size >= 1e15) ? minus(value.toExponential()) : minus(Number(value.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 9 }));
}
function duration(seconds) {
const s = Math.abs(seconds);
if (s < 1) return write(seconds * 1000, 1) + " ms";
if (s < 60) return write(seconds, 0.1) + " s";
if (s < 3600) return Math.floor(s / 60) + " min " + Math.round(s % 60) + " s";
return Math.floor(s / 3600) + " h " + Math.round(s % 3600 / 60) + " min";
}
function Axis(low, high, log, inset) {
const a = log ? Math.log10(low) : low, b = log ? Math.log10(high) : high;
this.low = low; this.high = high; this.log = log;
this.share = (value) => {
if (log) value = value > 0 ? Math.log10(value) : -1e9;
return b > a ? inset + (1 - 2 * inset) * (value - a) / (b - a) : 0.5;
};
this.value = (share) => {
let at = b > a ? a + (share - inset) / (1 - 2 * inset) * (b - a) : a;
return log ? 10 ** at : at;
};
}
function within(axis, ticks) { return ticks.filter((tick) => tick >= axis.low && tick <= axis.high); }
function xAxis(low, high, kind) {
return new Axis(low, high, false, kind === "category" && high > low ? 0.4 / (high - low + 0.8) : 0);
}
class Chart {
constructor(plot, group, number) {
const x = plot.dataset.x.split(" "), y = plot.dataset.y.split(" ");
this.plot = plot;
this.group = group;
this.height = Number(plot.getAttribute("height"));
this.kind = x[2] || "number";
this.zoomName = this.kind === "number" ? "x" : "x" + number;
this.fullX = xAxis(Number(x[0]), Number(x[1]), this.kind);
this.drawnY = new Axis(Number(y[0]), Number(y[1]), y[2] === "log", 0);
this.stepX = this.kind === "category" ? 1 : Math.pow(10, Math.ceil(Math.log10((this.fullX.high - this.fullX.low) / 1000 || 1) - 1e-9));
const title = plot.querySelector("title");
this.title = title.textContent;
title.replaceWith(make("svg:desc", { id: title.id }, this.title));
this.at = -1;
this.way = "";
this.addReader();
}
read() {
if (this.lines) return this;
const names = this.group.names;
this.parts = [...this.plot.children].filter((one) => !/^(title|desc)$/.test(one.tagName));
this.lines = Array.from(this.plot.querySelectorAll("svg[preserveAspectRatio] > .ln"), (path) => {
const look = path.getAttribute("class");
return { look, ways: readWays(path), slot: /s\d/.exec(look)[0], name: path.dataset.run || path.dataset.name || names[look] || "", label: path.dataset.name,
pieces: path.getAttribute("d").replace(/h0/g, "").split("M").slice(1).map((piece) => this.points(piece)) };
});
this.lines.forEach((line) => { line.drawn = line.pieces; });
this.marks = this.parts.map((part) => this.mark(part)).filter(Boolean);
this.marks.forEach((mark) => {
let line = this.lines.find((one) => one.slot === mark.slot);
if (!line) this.lines.push(line = { look: "ln " + mark.slot, slot: mark.slot, name: "", pieces: [[]], bare: true });
if (line.bare && !mark.odd) line.pieces[0].push([mark.x, mark.y]);
});
if (this.lines.every((line) => line.pieces.flat().every((point) => Number.isInteger(point[0])))) this.stepX = Math.max(1, this.stepX);
const labels = Array.from(this.plot.querySelectorAll(":scope > text.e:not(.lab), :scope > text.lab[x='0']"), (text) => text.textContent);
this.unit = labels.some((text) => /%$/.test(text)) ? "%" : labels.some((text) => /\d\s(ms|s|min|h)\b/.test(text)) ? "s" : "";
this.ticks = this.parts.filter((part) => part.tagName === "text" && part.getAttribute("y") === String(this.height + 18));
return this;
}
take(way) {
const isDrawn = !way || !this.plot.querySelector("[data-ways]");
if (isDrawn && !this.way) return;
const { lines } = this.read(), at = WAYS.indexOf(way);
this.drawnX = this.drawnX || { fullX: this.fullX, stepX: this.stepX };
this.way = isDrawn ? "" : way;
const go = (line, x) => isDrawn || !line || !line.ways || line.ways[0].length <= at ? x : along(line.ways, x, at);
lines.forEach((line) => { line.pieces = line.drawn.map((piece) => piece.map((point) => [go(line, point[0]), point[1]])); });
this.marks.forEach((mark) => {
if (mark.drawn === undefined) mark.drawn = mark.x;
mark.x = go(lines.find((line) => line.slot === mark.slot), mark.drawn);
});
if (isDrawn) return void Object.assign(this, this.drawnX);
const all = lines.flatMap((line) => line.pieces.flat().map((point) => point[0]));
this.fullX = xAxis(Math.min(...all), Math.max(...all), "number");
this.stepX = way === "index" ? 1 : (this.fullX.high - this.fullX.low) / 1000 || 1;
}
valueX(share) {
return round(this.fullX.value(share), this.stepX);
}
points(text) {
const numbers = text.trim().split(/\s+/), points = [];
for (let at = 0; at + 1 < numbers.length; at += 2) {
points.push([this.valueX(numbers[at] / 1000), this.drawnY.value(1 - numbers[at + 1] / this.height)]);
}
return points;
}
mark(part) {
const isBox = /^(a|g)$/.test(part.tagName) && !part.hasAttribute("transform");
const shape = isBox ? part.querySelector("circle, rect, svg") : part;
const slot = shape && /\bs\d\b/.exec(shape.getAttribute("class") || "");
if (!slot || !/^(circle|rect|svg)$/.test(shape.tagName)) return null;
const x = parseFloat(shape.getAttribute("cx") || shape.getAttribute("x")) / 100;
const y = parseFloat(shape.getAttribute("cy") || shape.getAttribute("y")) + (shape.tagName === "rect" ? parseFloat(shape.getAttribute("height")) / 2 : 0);
const path = shape.querySelector("path"), title = isBox && part.querySelector("title");
if (title) {
part.setAttribute("aria-label", title.textContent);
if (part.tagName === "g") part.setAttribute("role", "img");
title.remove();
}
return { part, slot: slot[0], x: this.valueX(x), y: this.drawnY.value(1 - y / this.height), tip: title ? title.textContent : "",
odd: shape.tagName === "circle" && shape.classList.contains("open") || Boolean(path && /^M0[ -]\.5/.test(path.getAttribute("d"))) };
}
zoom() {
const view = this.group.view;
return this.kind !== "number" || view.way === (this.way || "") ? view[this.zoomName] : null;
}
x() {
const zoom = this.zoom();
const low = zoom && Math.max(zoom[0], this.fullX.low), high = zoom && Math.min(zoom[1], this.fullX.high);
return low < high ? new Axis(low, high, false, 0) : this.fullX;
}
shownLines() {
const off = this.group.view.off;
return this.read().lines.filter((line) => off.indexOf(line.look) < 0);
}
draw() {
const view = this.group.view;
this.take(view.way);
const isDrawn = !this.way && !this.zoom() && !view.smooth && !view.off.length && (!view.scale || (view.scale === "log") === this.drawnY.log);
if (this.layer) this.layer.remove();
this.layer = null;
this.y = this.drawnY;
if (isDrawn && !this.lines) return;
this.read().parts.forEach((part) => { if (isDrawn) part.removeAttribute("hidden"); else part.setAttribute("hidden", ""); });
if (!isDrawn) this.plot.append(this.layer = this.makeLayer());
if (this.at >= 0) this.hide();
}
makeLayer() {
const view = this.group.view, x = this.x(), height = this.height, layer = make("svg:g", {});
const lines = this.shownLines();
lines.forEach((line) => { line.calm = view.smooth && !line.bare ? smooth(line.pieces, view.smooth) : line.pieces; });
const seen = lines.flatMap((line) => line.pieces.flat().concat(line.calm.flat())).filter((point) => {
return point[0] >= x.low && point[0] <= x.high;
}).map((point) => point[1]);
const y = this.y = this.fit(seen);
const box = make("svg:svg", { width: "100%", height, viewBox: "0 0 1000 " + height, preserveAspectRatio: "none" });
box.style.overflow = "hidden";
const place = (point) => { return (1000 * x.share(point[0])).toFixed(1) + " " + Math.max(-1e4, Math.min(1e4, height * (1 - y.share(point[1])))).toFixed(2); }
const path = (pieces) => { return pieces.map((piece) => piece.length ? "M" + piece.map(place).join(" ") + (piece.length > 1 ? "" : "h0") : "").join(""); }
this.drawAxes(layer, x, y, seen.length);
if (!this.way && view.off.every((look) => !/s1\b/.test(look))) this.plot.querySelectorAll(".band").forEach((band) => {
box.append(make("svg:path", { class: "band", d: path([this.points(band.getAttribute("d").slice(1, -1))]) + "z" }));
});
lines.forEach((line) => {
if (line.bare) return;
if (view.smooth) box.append(make("svg:path", { class: line.look.replace(/ (thin|fat)/, "") + " faint", d: path(line.pieces) }));
if (!view.smooth || !/thin/.test(line.look)) box.append(make("svg:path", { class: line.look, d: path(line.calm) }));
});
layer.append(box);
this.drawMarks(layer, x, y, lines);
return layer;
}
fit(values) {
const view = this.group.view;
let low = Math.min.apply(null, values), high = Math.max.apply(null, values);
let log = view.scale ? view.scale === "log" : this.drawnY.log;
const floor = this.drawnY.log ? 0 : (this.drawnY.high - this.drawnY.low) * 1e-4;
if (log && !(low > floor)) log = false;
if (!values.length || (log === this.drawnY.log && !this.zoom() && !view.off.length)) return this.drawnY;
if (log) {
const space = Math.log10(high / low) * 0.04 || 0.5;
return new Axis(low / 10 ** space, high * 10 ** space, true, 0);
}
const margin = (high - low) * 0.06 || Math.abs(high) / 2 || 1;
return new Axis(low >= 0 && low < margin ? 0 : low - margin, high + margin, false, 0);
}
drawAxes(layer, x, y, hasValues) {
const height = this.height, factor = this.unit === "%" ? 100 : 1;
const ticks = !hasValues ? [] : y.log ? logTicks(y.low, y.high) : within(y, niceTicks(y.low, y.high, Math.max(2, Math.min(5, Math.floor(height / 40)))));
const plain = ticks.map((tick) => this.unit === "s" ? duration(tick) : formatTick(tick * factor) + (this.unit && NBSP + this.unit));
const labels = y.log ? plain : alignDecimals(plain);
const inside = labels.some((label) => label.length > 6);
ticks.forEach((tick, at) => {
let place = height * (1 - y.share(tick));
layer.append(make("svg:line", { class: "grid", x1: 0, x2: "100%", y1: place, y2: place }));
layer.append(make("svg:text", inside ? { class: "lab", x: 0, y: place - 4 } : { class: "e", x: -8, y: place + 4 }, labels[at]));
});
layer.append(make("svg:line", { class: "axis", x1: 0, x2: "100%", y1: height, y2: height }));
this.xTicks(x).forEach((tick) => {
let share = x.share(tick[0]);
const look = tick[1].length <= 2 || (share > 0.06 && share < 0.94) ? "c" : share > 0.5 ? "e" : "";
layer.append(make("svg:line", { class: "axis", x1: percent(share), x2: percent(share), y1: height, y2: height + 4 }),
make("svg:text", { class: (look + tick[2]).trim(), x: percent(share), y: height + 18 }, tick[1]));
});
}
xTicks(x) {
if (this.way === "time") {
const [, seconds, name] = UNITS.find((unit) => x.high - x.low >= unit[0]);
const ticks = niceTicks(x.low / seconds, x.high / seconds, 5).map((tick) => tick * seconds).filter((tick) => tick >= x.low && tick <= x.high);
const labels = alignDecimals(ticks.map((tick) => formatTick(tick / seconds)));
return ticks.map((tick, at) => [tick, labels[at] + NBSP + name, at % 2 ? " x2" : ""]);
}
if (this.way || (this.kind === "number" && x !== this.fullX)) {
const ticks = within(x, niceTicks(x.low, x.high, 5)), labels = alignDecimals(ticks.map(formatTick));
return ticks.map((tick, at) => [tick, labels[at], at % 2 ? " x2" : ""]);
}
return this.ticks.map((text) => {
return [this.fullX.value(parseFloat(text.getAttribute("x")) / 100), text.textContent, text.classList.contains("x2") ? " x2" : ""];
}).filter((tick) => x.share(tick[0]) > -1e-6 && x.share(tick[0]) < 1 + 1e-6);
}
drawMarks(layer, x, y, lines) {
const view = this.group.view, height = this.height, taken = [];
this.marks.forEach((mark) => {
const isShown = lines.some((line) => line.slot === mark.slot) && mark.x >= x.low && mark.x <= x.high;
if (!isShown || (view.smooth && !mark.tip && !mark.odd)) return;
const copy = mark.part.cloneNode(true);
const shape = /^(a|g)$/.test(copy.tagName) ? copy.querySelector("circle, rect, svg") : copy;
const isRound = shape.tagName === "circle";
shape.setAttribute(isRound ? "cx" : "x", percent(x.share(mark.x)));
const half = shape.tagName === "rect" ? parseFloat(shape.getAttribute("height")) / 2 : 0;
if (!mark.odd) shape.setAttribute(isRound ? "cy" : "y", height * (1 - y.share(mark.y)) - half);
copy.removeAttribute("hidden");
layer.append(copy);
});
lines.filter((line) => line.label).forEach((line) => {
const points = line.pieces.flat().filter((point) => point[0] <= x.high && point[0] >= x.low);
if (!points.length) return;
let end = points[points.length - 1], place = Math.max(10, height * (1 - y.share(end[1])) - 8);
while (taken.some((other) => Math.abs(other - place) < 14)) place += 14;
taken.push(place);
layer.append(make("svg:text", { class: "lab e", x: percent(x.share(end[0])), y: place }, line.name));
});
}
addReader() {
this.readout = make("div", { class: "readout", "aria-hidden": "true", hidden: "" });
this.drag = make("div", { class: "drag", hidden: "" });
this.reader = make("div", { class: "reader", tabindex: "0", role: "slider", "aria-label": "Values of " + this.title,
"aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": 0, "aria-valuetext": "Arrow keys read values, plus and minus zoom",
keydown: (event) => this.press(event), focus: () => { this.group.active = this; },
blur: () => this.group.each("hide") }, this.drag, this.readout);
this.reader.style.height = this.height + "px";
this.plot.after(this.reader);
this.listen();
}
listen() {
let start = null, dragged = false;
const on = (name, act, isFirst) => this.plot.addEventListener(name, act, isFirst);
const share = (event) => {
const frame = this.reader.getBoundingClientRect();
return Math.max(0, Math.min(1, (event.clientX - frame.left) / frame.width));
}
const stop = () => { start = null; this.drag.hidden = true; }
on("pointermove", (event) => {
this.group.active = this;
if (start === null) return this.group.point(this, this.x().value(share(event)));
const now = share(event);
if (Math.abs(now - start) * this.reader.clientWidth > 5 && !dragged) {
dragged = true;
this.plot.setPointerCapture(event.pointerId);
}
this.drag.hidden = !dragged;
this.drag.style.left = percent(Math.min(start, now));
this.drag.style.width = percent(Math.abs(now - start));
});
on("pointerdown", (event) => {
dragged = false;
this.group.active = this;
if (event.pointerType !== "touch" && event.button === 0) start = share(event);
this.group.point(this, this.x().value(share(event)));
});
on("pointerup", (event) => {
if (start !== null && dragged) this.zoomTo(this.x().value(Math.min(start, share(event))), this.x().value(Math.max(start, share(event))));
stop();
});
on("pointerenter", () => this.read());
on("pointercancel", stop);
on("pointerleave", () => { if (document.activeElement !== this.reader) this.group.each("hide"); });
on("dblclick", () => this.group.reset());
on("dragstart", (event) => event.preventDefault());
on("click", (event) => { if (dragged) event.preventDefault(); dragged = false; }, true);
}
stops() {
const x = this.x(), lines = this.shownLines(), front = lines.filter((line) => !/thin/.test(line.look));
const all = new Set();
(front.length ? front : lines).forEach((line) => {
line.pieces.forEach((piece) => piece.forEach((point) => { if (point[0] >= x.low && point[0] <= x.high) all.add(point[0]); }));
});
this.marks.forEach((mark) => { if (mark.odd && mark.x >= x.low && mark.x <= x.high) all.add(mark.x); });
return Array.from(all).sort((a, b) => a - b);
}
press(event) {
let stops = this.stops(), at = stops.indexOf(this.here), far = Math.max(1, Math.round(stops.length / 10));
const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far }[event.key];
if (event.ctrlKey || event.metaKey || event.altKey) return;
if (event.key === "Escape") this.group.reset();
else if (event.key === "+" || event.key === "=") this.group.zoomBy(0.5);
else if (event.key === "-") this.group.zoomBy(2);
else if (step || event.key === "Home" || event.key === "End") {
const last = stops.length - 1;
at = event.key === "Home" ? 0 : event.key === "End" ? last : at < 0 ? (step > 0 ? 0 : last) : Math.max(0, Math.min(last, at + step));
if (last >= 0) this.group.point(this, stops[at]);
} else return;
event.preventDefault();
}
show(wanted, isFixed) {
const stops = this.stops(), view = this.group.view;
if (!stops.length) return this.hide();
const isInside = wanted >= stops[0] && wanted <= stops[stops.length - 1];
const near = isFixed && isInside ? wanted : stops.reduce((best, x) => Math.abs(x - wanted) < Math.abs(best - wanted) ? x : best, stops[0]);
let share = this.x().share(near), rows = [], head = "";
if (this.cross) this.cross.remove();
this.cross = make("svg:g", { class: "cross" }, make("svg:line", { class: "rule", x1: percent(share), x2: percent(share), y1: 0, y2: this.height }));
this.shownLines().forEach((line) => {
if (/thin/.test(line.look)) return;
const marks = this.marks.filter((mark) => mark.slot === line.slot && mark.x === near);
const tip = marks.length && marks[0].tip, cut = tip ? tip.lastIndexOf(": ") : -1;
let found = valueAt(line.pieces, near);
if (found && !found.exact && this.kind === "category") found = null;
if (cut > 0 && !head) head = tip.slice(0, cut);
if (!found && !marks.length) return;
let text = cut > 0 ? tip.slice(cut + 2) : found ? (found.exact ? "" : "≈ ") + this.write(found.y) : tip || "not finite";
if (found && view.smooth && !line.bare) {
found = valueAt(line.calm, near);
text = this.write(found.y) + " (" + text + ")";
}
rows.unshift({ line, text });
if (found) this.cross.append(make("svg:circle", { class: "pt " + line.slot, cx: percent(share), cy: this.height * (1 - this.y.share(found.y)), r: 4 }));
});
this.plot.append(this.cross);
this.tell((head || this.nameX(near)) + (view.smooth ? ", smoothed (recorded)" : ""), rows, share, stops.indexOf(near), stops.length);
this.here = near;
this.at = stops.indexOf(near);
}
tell(head, rows, share, at, n) {
const readout = this.readout;
readout.replaceChildren(make("b", {}, head));
rows.forEach((row) => {
const sample = make("svg:svg", { viewBox: "0 0 28 12" }, make("svg:path", { class: row.line.look, d: "M0 6H28" }));
readout.append(make("div", {}, sample, row.line.name ? row.line.name + " " : "", make("span", {}, row.text)));
});
readout.hidden = false;
readout.style.left = percent(share);
readout.style.transform = "translateX(-" + percent(share) + ")";
this.reader.setAttribute("aria-valuemax", Math.max(1, n - 1));
this.reader.setAttribute("aria-valuenow", at);
this.reader.setAttribute("aria-valuetext", head + ": " + rows.map((row) => (row.line.name ? row.line.name + " " : "") + row.text).join("; "));
}
hide() {
if (this.cross) this.cross.remove();
this.readout.hidden = true;
this.cross = null;
this.here = null;
this.at = -1;
}
write(value) {
if (this.unit === "s") return duration(value);
const factor = this.unit === "%" ? 100 : 1;
const part = 0.01 / this.height;
const axis = this.drawnY;
const resolution = axis.log ? Math.abs(value) * Math.log(axis.high / axis.low) * part : (axis.high - axis.low) * part;
return write(value * factor, resolution * factor) + (factor > 1 ? " %" : "");
}
nameX(x) {
if (this.kind === "category") return "no. " + (x + 1) + " of " + (this.fullX.high + 1);
return this.way === "time" ? duration(x) : (this.way ? "point " : "x ") + short(x);
}
zoomTo(low, high) {
const full = this.read().fullX;
low = Math.max(full.low, round(low, this.stepX));
high = Math.min(full.high, round(high, this.stepX));
if (high - low < this.stepX) return;
this.group.view[this.zoomName] = low <= full.low && high >= full.high ? null : [low, high];
this.group.changed();
}
}
function readWays(path) {
return path.dataset.ways && path.dataset.ways.split(" ").map((place) => place.split(",").map(Number));
}
function along(ways, x, to) {
let at = 1;
while (at < ways.length - 1 && ways[at][0] < x) at++;
const one = ways[at - 1], other = ways[at];
const value = one[to] + (x - one[0]) / (other[0] - one[0]) * (other[to] - one[to]);
return to === 1 ? Math.round(value) : value;
}
function smooth(pieces, amount) {
const gaps = pieces.flatMap((piece) => {
return piece.slice(1).map((point, at) => Math.abs(point[0] - piece[at][0]));
}).sort((a, b) => a - b);
const usual = gaps[Math.floor(gaps.length / 2)] || 1;
return pieces.map((piece) => {
let sum = 0, weight = 0;
return piece.map((point, at) => {
const kept = at ? Math.pow(amount, Math.min(100, Math.abs(point[0] - piece[at - 1][0]) / usual)) : 0;
sum = sum * kept + (1 - amount) * point[1];
weight = weight * kept + (1 - amount);
return [point[0], sum / weight];
});
});
}
function valueAt(pieces, x) {
for (let n = 0; n < pieces.length; n++) {
const piece = pieces[n];
for (let at = 0; at < piece.length; at++) {
if (piece[at][0] === x) return { y: piece[at][1], exact: true };
if (at && piece[at - 1][0] < x && x < piece[at][0]) {
let share = (x - piece[at - 1][0]) / (piece[at][0] - piece[at - 1][0]);
return { y: piece[at - 1][1] + share * (piece[at][1] - piece[at - 1][1]), exact: false };
}
}
}
return null;
}
class Group {
constructor(bar, plots, id) {
this.id = id;
this.bar = bar;
this.names = {};
this.view = { off: [], smooth: 0, scale: "", way: "" };
const samples = Array.from(bar.parentNode.querySelectorAll(".legend li"));
samples.forEach((item) => { let path = item.querySelector(".ln"); if (path) this.names[path.getAttribute("class")] = item.textContent; });
this.charts = plots.map((plot, at) => new Chart(plot, this, at + 1));
this.active = this.charts[0];
this.toggles = [];
this.addControls();
samples.forEach((item) => this.addToggle(item));
this.addNames();
this.recall();
}
each(method, value) {
this.charts.forEach((chart) => chart[method](value));
}
point(source, x) {
source.show(x);
if (source.kind === "number" && source.here !== null) this.charts.forEach((chart) => {
if (chart !== source && chart.kind === "number" && chart.way === source.way) chart.show(source.here, true);
});
}
addControls() {
this.range = make("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: 0, input: () => {
this.view.smooth = Number(this.range.value);
this.changed();
} });
this.select = make("select", { "aria-label": "Scale of y", change: () => { this.view.scale = this.select.value; this.changed(); } });
SCALES.forEach((scale) => this.select.append(make("option", { value: scale[0] }, scale[1])));
const button = (text, name, act) => { return make("button", { type: "button", "aria-label": name, click: act }, text); }
const ways = new Set(this.charts.flatMap((chart) => Array.from(chart.plot.querySelectorAll("[data-ways]"), (path) => readWays(path)[0].length)));
this.ways = make("select", { "aria-label": "What x is", change: () => {
this.view.way = this.ways.value;
this.charts.forEach((chart) => { this.view[chart.zoomName] = null; });
this.changed();
} }, ...WAYS.slice(0, Math.max(0, ...ways)).map((name, at) => make("option", { value: at ? name : "" }, at ? name : "as drawn")));
this.back = button("Reset", "Reset the view of the charts", () => this.reset());
this.told = make("output", { class: "told" });
this.bar.append(make("label", {}, "Smooth ", this.range), make("label", {}, make("span", { "aria-hidden": "true" }, "Scale"), this.select),
...(ways.size ? [make("label", {}, make("span", { "aria-hidden": "true" }, "By"), this.ways)] : []), button("+", "Zoom in", () => this.zoomBy(0.5)), button("−", "Zoom out", () => this.zoomBy(2)), this.told, this.back);
}
addToggle(item) {
let path = item.querySelector(".ln");
if (!path) return;
const look = path.getAttribute("class");
let button = make("button", { type: "button", "aria-pressed": "true", click: () => {
let off = this.view.off, at = off.indexOf(look);
if (at < 0) off.push(look); else off.splice(at, 1);
this.changed();
} });
button.append.apply(button, Array.from(item.childNodes));
item.append(button);
this.toggles.push({ look, button });
}
addNames() {
let names = {}, clash = false;
this.charts.forEach((chart) => {
chart.plot.querySelectorAll(".ln[data-name]").forEach((path) => {
const look = path.getAttribute("class");
clash = clash || (names[look] !== undefined && names[look] !== path.dataset.name);
names[look] = path.dataset.name;
});
});
if (clash || Object.keys(names).length < 2) return;
const list = make("span", { class: "names legend" });
Object.keys(names).sort().forEach((look) => {
const item = make("span", {}, make("svg:svg", { class: /s\d/.exec(look)[0], viewBox: "0 0 28 12", "aria-hidden": "true" }, make("svg:path", { class: look, d: "M0 6H28" })), names[look]);
list.append(item);
this.addToggle(item);
});
this.told.before(list);
}
recall() {
const view = this.view;
const read = (name) => { return kit.read(this.id + "." + name); }
view.smooth = Math.max(0, Math.min(0.95, Number(read("smooth")) || 0));
view.scale = /^(log|linear)$/.test(read("scale")) ? read("scale") : "";
view.way = Array.from(this.ways.options, (option) => option.value).includes(read("by")) ? read("by") : "";
view.off = read("off").split(",").filter((look) => this.toggles.some((one) => one.look === look));
this.charts.forEach((chart) => {
const ends = read(chart.zoomName).split("..").map(Number);
if (ends.length === 2 && ends[0] < ends[1]) view[chart.zoomName] = ends;
});
this.apply();
}
changed() {
const view = this.view;
this.apply();
kit.keep(this.id + ".smooth", view.smooth ? String(view.smooth) : "");
kit.keep(this.id + ".scale", view.scale);
kit.keep(this.id + ".by", view.way);
kit.keep(this.id + ".off", view.off.join());
this.charts.forEach((chart) => kit.keep(this.id + "." + chart.zoomName, (view[chart.zoomName] || []).join("..")));
}
apply() {
const view = this.view;
this.each("draw");
this.range.value = view.smooth;
this.select.value = view.scale;
this.ways.value = view.way;
this.toggles.forEach((one) => one.button.setAttribute("aria-pressed", String(view.off.indexOf(one.look) < 0)));
const zoomed = this.charts.filter((chart) => view[chart.zoomName])[0];
const isChanged = zoomed || view.smooth || view.scale || view.way || view.off.length;
this.back.style.visibility = isChanged ? "" : "hidden";
this.told.textContent = zoomed ? zoomed.nameX(view[zoomed.zoomName][0]) + " to " + zoomed.nameX(view[zoomed.zoomName][1]).replace(/^x /, "") : "Drag to zoom";
}
reset() {
this.view.smooth = 0;
this.view.scale = "";
this.view.way = "";
this.view.off = [];
this.charts.forEach((chart) => { this.view[chart.zoomName] = null; });
this.changed();
}
zoomBy(factor) {
const chart = this.active.read(), x = chart.x(), middle = chart.here == null ? (x.low + x.high) / 2 : chart.here;
chart.zoomTo(middle - (middle - x.low) * factor, middle + (x.high - middle) * factor);
}
}
kit.addControls = (bar) => {
const plots = Array.from(bar.parentNode.querySelectorAll(".plot[data-x]"));
if (plots.length) new Group(bar, plots, bar.closest(".sec[id]").id);
};
document.querySelectorAll(".tools.lines").forEach(kit.addControls);
})();

(function () {
"use strict";
const { make } = window.reportgen;
const MOST = 8;
const link = document.querySelector("a.choose");
if (!link) return;
function chosen() {
const began = (box) => Date.parse(box.closest("tr").querySelector("time").dateTime);
return Array.from(document.querySelectorAll("input.choice:checked")).reverse().sort((a, b) => began(a) - began(b));
}
function update(go, said) {
const files = chosen().map(function (box) { return box.value; });
said.textContent = files.length + (files.length === 1 ? " run chosen" : " runs chosen");
go.hidden = files.length < 2;
go.href = link.href + "?runs=" + files.map(encodeURIComponent).join(",");
document.querySelectorAll("input.choice:not(:checked)").forEach(function (box) { box.disabled = files.length >= MOST; });
}
link.addEventListener("click", function (event) {
if (event.ctrlKey || event.metaKey || event.shiftKey || document.querySelector(".choosing")) return;
event.preventDefault();
const said = make("span", { role: "status" }), go = make("a", "Compare them"), bar = make("p.choosing", said, go);
document.querySelectorAll("table.stack th .st > a[href$='.html']").forEach(function (run) {
const file = run.getAttribute("href").replace(/^.*\//, "").replace(/\.html$/, "");
run.parentNode.prepend(make("input.choice", {
type: "checkbox", value: file, "aria-label": "Compare " + run.textContent, change: function () { update(go, said); }
}));
});
link.closest("section, main").append(bar);
update(go, said);
const first = document.querySelector("input.choice");
if (first) first.focus();
});
})();

(function () {
"use strict";
const { make, copy } = window.reportgen;
function copier(what, text) {
return make("button", { type: "button", class: "copy", "aria-label": "Copy " + what, click: function (event) {
copy(text(), event.currentTarget);
} }, "Copy");
}
document.querySelectorAll("main pre").forEach(function (block) {
const frame = make("div.copied");
block.before(frame);
frame.append(block, copier("code", function () { return block.textContent; }));
});
document.querySelectorAll(".facts .id").forEach(function (id) {
const term = id.closest("div").querySelector("dt");
term.append(copier(term.textContent.toLowerCase(), function () { return id.textContent; }));
});
document.querySelectorAll(".sec[id] > .head > h2, .prose :is(h2, h3, h4, h5, h6)[id]").forEach(function (heading) {
const id = heading.id || heading.closest(".sec").id;
const name = "Link to " + heading.textContent;
heading.append(make("a", { class: "perma", href: "#" + encodeURIComponent(id), "aria-label": name }, "¶"));
});
})();

(function () {
"use strict";
var WIDTH = 168, MIDDLE = 20, HEAD = 6;
function place(x, y) { return Math.round(x) + " " + Math.round(y); }
function read(graph) {
var left = {}, right = {}, edges = [];
graph.querySelectorAll(":scope > [transform]").forEach(function (box) {
var at = box.getAttribute("transform").match(/-?\d+/g).map(Number);
left[place(at[0], at[1] + MIDDLE)] = box;
right[place(at[0] + WIDTH, at[1] + MIDDLE)] = box;
});
graph.querySelectorAll(".edge").forEach(function (line) {
var back = line.classList.contains("back") ? 9 : 0;
var begin = line.getPointAtLength(0), end = line.getPointAtLength(line.getTotalLength());
var one = right[place(begin.x - (back ? HEAD : 0), begin.y - back)];
var other = left[place(end.x + (back ? 0 : HEAD), end.y - back)];
if (one && other) edges.push({ line: line, from: back ? other : one, to: back ? one : other });
});
return edges;
}
function follow(edges, box, from, to, found) {
var ways = [box], seen = new Set(ways);
while (ways.length) {
var here = ways.pop();
edges.forEach(function (edge) {
if (edge[from] !== here) return;
found.add(edge.line);
if (!seen.has(edge[to])) { seen.add(edge[to]); ways.push(edge[to]); }
});
}
seen.forEach(function (one) { found.add(one); });
}
document.querySelectorAll("svg.dag").forEach(function (graph) {
var edges = null, shown = null;
function show(box) {
if (box === shown) return;
shown = box;
graph.classList.toggle("dim", Boolean(box));
graph.querySelectorAll(".lit").forEach(function (one) { one.classList.remove("lit"); });
if (!box) return;
edges = edges || read(graph);
var found = new Set();
follow(edges, box, "from", "to", found);
follow(edges, box, "to", "from", found);
found.forEach(function (one) { one.classList.add("lit"); });
}
graph.addEventListener("pointerover", function (event) {
var box = event.target.closest("[transform]");
show(box && box.parentNode === graph ? box : null);
});
graph.addEventListener("pointerleave", function () { show(null); });
});
})();

(function () {
"use strict";
function isOff() {
try {
return localStorage.getItem("reportgen-slash") === "off";
} catch (denied) {
return false;
}
}
document.addEventListener("keydown", function (event) {
var isTyping = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping || isOff()) return;
var field = document.getElementById("q");
var link = document.querySelector("a[href$='search.html']");
event.preventDefault();
if (field) field.select();
else if (link) link.click();
});
})();

(function () {
"use strict";
const kit = window.reportgen;
const { make } = kit;
const SORTED = "table.data:not(.diff), table.stack:not(.pipes), .prose table";
const LEAST = 3;
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const SIZES = { "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, day: 86400, days: 86400,
B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const NUMBER = /^([+-]?)(\d[\d,]*(?:\.\d+)?|\.\d+|∞|Infinity)(?:e([+-]?\d+)| × 10([⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(?=[\s%()]|$|(?:µs|ms|min|[kMGT]?B|[shkMGT])$)/i;
const PART = /^\s*(µs|ms|min|days?|[kMGT]?B|[shkMGT])(?![a-zµ])/;
const DATE = /^\d{1,2} [A-Z][a-z]{2} \d{4}\b/;
const COMPARE = /(?:"([^"]+)"|([^\s<>=!"]+))?\s*(>=|<=|!=|>|<|=)\s*(?:"([^"]*)"|(\S+))/g;
function textOf(cell) {
if (!cell.firstElementChild) return cell.textContent.trim();
let text = "";
cell.childNodes.forEach((node) => {
if (node.nodeType === 3) text += node.data;
else if (node.nodeType === 1 && !node.matches(".sub, .vh, .from, svg")) text += textOf(node);
});
return text.trim();
}
function numberOf(text) {
if (/^(–|-|NaN|)$/.test(text)) return NaN;
if (text.slice(0, 9) === "no change") return 0;
let rest = text.replace(/^[↑↓→≈±~\s]+/, "").replace(/[−–]/g, "-");
const found = NUMBER.exec(rest);
if (!found) return null;
const sign = found[1] === "-" ? -1 : 1;
if (/[∞I]/i.test(found[2][0])) return sign * Infinity;
const exponent = found[3] || (found[4] || "0").replace(/[⁺⁻⁰-⁹¹²³]/g, (c) => {
return c === "⁻" ? "-" : c === "⁺" ? "" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c);
});
let value = parseFloat(found[2].replace(/,/g, "")) * 10 ** exponent;
rest = rest.slice(found[0].length);
const unit = PART.exec(rest);
if (!unit) return sign * value;
value *= SIZES[unit[1]];
const next = /^\s*(\d+(?:\.\d+)?)\s*(s|min|h)(?![a-z])/.exec(rest.slice(unit[0].length));
return sign * (next ? value + next[1] * SIZES[next[2]] : value);
}
function valueOf(cell) {
const time = cell.querySelector("time[datetime]");
let text = time ? time.dateTime : textOf(cell);
return time || DATE.test(text) ? Date.parse(time ? text : text + " UTC") : numberOf(text);
}
function isMissing(value) {
return value !== value || value === "" || value === "–";
}
function compare(a, b) {
return typeof a === "number" ? a - b || 0 : order.compare(a, b);
}
class Table {
constructor(table, name) {
this.table = table;
this.name = name;
this.heads = Array.from(table.tHead.rows[0].cells);
this.bodies = Array.from(table.tBodies);
const width = this.heads.length;
this.rows = [];
this.extra = [];
this.bodies.forEach((body) => {
let group = "";
Array.from(body.rows).forEach((row) => {
if (row.cells.length === width) this.rows.push({ row, body, group });
else {
this.extra.push({ row, body });
if (row.querySelector(".group")) group = textOf(row.cells[0]);
}
});
});
this.places = this.bodies.map((body) => Array.from(body.rows));
this.columns = [];
this.hidden = [];
this.unit = " rows";
this.query = "";
this.column = -1;
this.down = false;
}
valuesOf(column) {
if (this.columns[column]) return this.columns[column];
const cells = this.rows.map((one) => one.row.cells[column]);
const values = cells.map(valueOf);
const isNumber = values.indexOf(null) < 0 && values.some((value) => value === value);
this.columns[column] = isNumber ? values : cells.map(textOf);
return this.columns[column];
}
addHeads() {
this.heads.forEach((head, column) => {
if (!head.textContent.trim()) return;
const button = make("button", { type: "button", class: "sort", click: () => this.turn(column) });
button.append.apply(button, Array.from(head.childNodes));
head.append(button);
});
const kept = /^(-?)(\d+)$/.exec(kit.read(this.name + ".sort"));
if (kept && this.heads[kept[2] - 1]) this.sort(kept[2] - 1, kept[1] === "-");
}
turn(column) {
if (this.column !== column) this.sort(column, false);
else if (!this.down) this.sort(column, true);
else this.sort(-1, false);
this.keep();
}
keep() {
kit.keep(this.name + ".sort", this.column < 0 ? "" : (this.down ? "-" : "") + (this.column + 1));
}
sort(column, down) {
this.column = column;
this.down = down;
this.heads.forEach((head, index) => {
if (index === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
else head.removeAttribute("aria-sort");
});
if (this.select) this.select.value = (column + 1) * (down ? -1 : 1);
if (column < 0) this.restore();
else this.place(column, down ? -1 : 1);
this.show();
}
place(column, sign) {
const values = this.valuesOf(column);
const all = this.rows.map((_, index) => index);
all.sort((a, b) => {
const missing = isMissing(values[a]) - isMissing(values[b]);
return missing || (isMissing(values[a]) ? 0 : sign * compare(values[a], values[b])) || a - b;
});
const part = document.createDocumentFragment();
all.forEach((index) => part.append(this.rows[index].row), this);
this.bodies[0].append(part);
this.rows.forEach((one) => {
if (one.group && !one.from) one.row.cells[0].append(one.from = make("span", { class: "sub from" }, one.group));
});
}
restore() {
this.rows.forEach((one) => {
if (one.from) one.from.remove();
one.from = null;
});
this.bodies.forEach((body, index) => body.append.apply(body, this.places[index]), this);
}
test(text) {
const checks = [];
const names = this.heads.map((head) => textOf(head).toLowerCase());
const words = text.replace(COMPARE, (whole, quoted, plain, sign, quotedValue, plainValue) => {
const name = (quoted || plain || "").toLowerCase();
let column = names.indexOf(name);
if (name && column < 0) column = names.findIndex((one) => one.indexOf(name) === 0);
const isWord = name && column < 0 && /^[^\s"]+\s/.test(whole);
if (name && column < 0 && !isWord) return whole;
checks.push(this.comparison(column, sign, quotedValue === undefined ? plainValue : quotedValue));
return isWord ? " " + name + " " : " ";
});
words.toLowerCase().replace(/"/g, "").split(/\s+/).filter(Boolean).forEach((word) => {
checks.push((index) => this.wordsOf(index).indexOf(word) >= 0);
});
return (index) => checks.every((check) => check(index));
}
comparison(column, sign, text) {
const wanted = numberOf(text);
const columns = (column < 0 ? this.heads.map((_, index) => index) : [column]).map(this.valuesOf, this);
return (index) => {
return columns.some((values) => {
let value = values[index];
const isNumber = typeof value === "number";
if (isNumber ? wanted === null || wanted !== wanted : column < 0) return false;
if (isMissing(value)) return sign === "!=";
const difference = isNumber ? value - wanted || 0 : order.compare(value, text);
return { ">": difference > 0, "<": difference < 0, ">=": difference >= 0, "<=": difference <= 0,
"=": difference === 0, "!=": difference !== 0 }[sign];
});
};
}
wordsOf(index) {
const one = this.rows[index];
if (one.words === undefined) {
one.words = Array.from(one.row.cells, (cell) => cell.textContent).concat(one.group).join("\n").toLowerCase();
}
return one.words;
}
show() {
const passes = this.test(this.query);
const alive = new Set();
const flat = this.column >= 0;
let n = 0;
this.rows.forEach((one, index) => {
const stays = !this.query.trim() || passes(index);
one.row.hidden = !stays;
n += stays;
if (stays) alive.add(one.body);
});
this.extra.forEach((one) => { one.row.hidden = flat || (this.query.trim() && !alive.has(one.body)); });
if (this.count) {
const all = this.rows.length;
this.count.textContent = n === all ? "" : n.toLocaleString("en") + " of " + all.toLocaleString("en") + this.unit;
}
}
hide() {
const hidden = this.hidden;
this.rows.forEach((one) => {
for (let at = 0; at < hidden.length; at++) if (hidden[at] !== one.row.cells[at].hidden) one.row.cells[at].hidden = hidden[at];
});
this.heads.forEach((head, at) => { head.hidden = hidden[at]; });
this.tick();
}
tick() {
const hidden = this.hidden;
let n = hidden.filter((is) => !is).length;
this.boxes.forEach((box, at) => {
box.checked = !hidden[at];
box.disabled = n === 1 && !hidden[at];
});
}
addTools(bar) {
const input = make("input", { type: "search", placeholder: "Filter: words, >0.9, name=a", "aria-label": "Filter rows by words or comparisons, such as >0.9 or column<5",
autocomplete: "off", spellcheck: "false", input: () => {
this.query = input.value;
this.show();
kit.keep(this.name + ".filter", input.value);
} });
this.count = make("output");
this.query = input.value = kit.read(this.name + ".filter");
bar.append(input, this.chooser());
if (this.table.matches(".stack")) bar.append(this.orders());
bar.append(this.count, make("span.ends", this.copier("TSV"), this.copier("Markdown")));
this.show();
}
orders() {
this.select = make("select", { "aria-label": "Order of rows", change: () => {
let value = Number(this.select.value);
this.sort(Math.abs(value) - 1, value < 0);
this.keep();
} }, make("option", { value: 0 }, "As listed"));
this.heads.forEach((head, at) => {
const name = textOf(head);
this.select.append(make("option", { value: at + 1 }, name + " ▴"), make("option", { value: -at - 1 }, name + " ▾"));
});
return this.select;
}
chooser() {
const kept = kit.read(this.name + ".hide").split(",");
this.hidden = this.heads.map((_, at) => kept.indexOf(String(at + 1)) >= 0);
if (this.hidden.every(Boolean)) this.hidden[0] = false;
this.boxes = this.heads.map((_, at) => {
return make("input", { type: "checkbox", change: (event) => {
this.hidden[at] = !event.target.checked;
this.hide();
kit.keep(this.name + ".hide", this.hidden.map((is, at) => is && at + 1).filter(Boolean).join());
} });
});
const labels = this.heads.map((head, at) => make("label", {}, this.boxes[at], textOf(head) || "no name"), this);
const menu = make("fieldset", {}, make("legend", { class: "vh" }, "Columns shown"));
menu.append.apply(menu, labels);
const details = make("details", { keydown: (event) => {
if (event.key === "Escape" && details.open) { details.open = false; details.firstChild.focus(); }
} }, make("summary", {}, "Columns"), menu);
document.addEventListener("pointerdown", (event) => { if (!details.contains(event.target)) details.open = false; });
if (this.hidden.some(Boolean)) this.hide(); else this.tick();
return details;
}
copier(form) {
return make("button", { type: "button", "aria-label": "Copy the rows shown as " + form, click: (event) => {
kit.copy(this.write(form), event.currentTarget);
} }, "Copy " + form);
}
write(form) {
const isList = form === "Markdown";
const line = (cells) => {
const texts = Array.from(cells).filter((cell) => !cell.hidden).map((cell) => {
let text = textOf(cell).replace(/\s+/g, " ");
return isList ? text.replace(/[\\|`*_<[\]]/g, "\\$&") : text.replace(/−(?=[\d.∞])/g, "-");
});
return isList ? "| " + texts.join(" | ") + " |" : texts.join("\t");
}
const shown = this.heads.filter((head) => !head.hidden);
const rule = "|" + shown.map((head) => head.classList.contains("n") ? " --: |" : " --- |").join("");
const all = new Set(this.rows.map((one) => one.row));
const rows = Array.from(this.table.rows).filter((row) => all.has(row) && !row.hidden);
return [line(shown)].concat(isList ? [rule] : [], rows.map((row) => line(row.cells))).join("\n") + "\n";
}
}
const counts = {};
document.querySelectorAll(SORTED).forEach((element) => {
const heads = element.tHead && element.tHead.rows;
if (!heads || heads.length !== 1 || element.closest(".peek") || element.querySelector("thead [colspan], tbody [rowspan]")) return;
const section = (element.closest(".sec[id]") || {}).id || "table";
const number = counts[section] = (counts[section] || 0) + 1;
const table = new Table(element, section + (number > 1 ? number : ""));
if (table.rows.length < LEAST) return;
const frame = element.closest(".scroll") || element;
const bar = frame.previousElementSibling;
if (frame.nextElementSibling && frame.nextElementSibling.matches("[aria-label='Pages of rows']")) table.unit += " here";
if (bar && bar.matches(".tools.rows")) table.addTools(bar);
table.addHeads();
});
})();

(function () {
"use strict";
var key = "reportgen-theme";
var choices = document.querySelectorAll("input[name=theme]");
function read() {
try {
return localStorage.getItem(key);
} catch (denied) {
return null;
}
}
function keep(id) {
try {
localStorage.setItem(key, id);
} catch (denied) { /* as above */ }
}
choices.forEach(function (choice) {
if (choice.id === read()) choice.checked = true;
choice.addEventListener("change", function () { keep(choice.id); });
});
})();
