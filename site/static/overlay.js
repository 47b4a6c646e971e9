(function () {
"use strict";
const { make, niceTicks, logTicks, group, formatTick, alignDecimals, NBSP, MINUS, LARGE } = window.reportgen;
function fixed(size, decimals) {
const exact = size.toFixed(decimals + 30), down = exact.slice(0, -30).replace(/\.$/, "");
return /^50*$/.test(exact.slice(-30)) && /[02468]$/.test(down) ? down : size.toFixed(decimals);
}
function digits(value, decimals) {
if (Number.isNaN(value)) return "NaN";
if (value === Infinity) return "∞";
if (decimals !== null && value < LARGE) return group(fixed(value, decimals));
const exact = value.toExponential(32), isEven = /^..\d[02468]50*e/.test(exact);
const [mantissa, exponent] = isEven ? [exact.slice(0, 4), exact.split("e")[1]] : value.toExponential(2).split("e");
return `${mantissa} × 10${String(Number(exponent)).replace(/./g, (one) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(one)])}`;
}
function write(value, { decimals, unit }, plus = "") {
const text = digits(Math.abs(value) * (unit === "%" ? 100 : 1), decimals);
const isZero = decimals !== null && !/[1-9∞]/.test(text);
return (value < 0 && !isZero ? MINUS : /\d|∞/.test(text) ? plus : "") + text + (unit && NBSP + unit);
}
function formOf(value, unit) {
const size = Math.abs(value);
if (size >= LARGE || size < 1e-4) return { decimals: null, unit };
let decimals = Number.isInteger(size) ? 0 : Math.min(Math.max(3 - Math.floor(Math.log10(size)), 0), 6);
while (decimals > 1 && Number(fixed(size, decimals - 1)) === Number(fixed(size, 10))) decimals -= 1;
return { decimals, unit };
}
const signed = (value, decimals, unit) => (value < 0 ? MINUS : value < Infinity ? "+" : "") + digits(Math.abs(value), decimals) + NBSP + unit;
function writeDelta(delta, form) {
if (form.unit === "%") return signed(delta * 100, form.decimals, "pp");
const text = write(delta, form, "+");
return /[1-9]/.test(text) ? text : write(delta, formOf(delta, form.unit), "+");
}
function writeShare(share) {
const size = Math.abs(100 * share);
return ` (${signed(100 * share, size >= 1000 ? 0 : size >= 0.1 ? 1 : 2, "%")})`;
}
function describeChange(now, before, { form, goal, tolerance }) {
if (now === before || write(now, form) === write(before, form)) return ["no change", "quiet", ""];
if (!Number.isFinite(now) || !Number.isFinite(before)) return [`was ${write(before, form)}`, "quiet", ""];
const delta = now - before, size = Math.abs(before);
const text = (delta > 0 ? "↑" : "↓") + NBSP + writeDelta(delta, form) + (before && form.unit !== "%" ? writeShare(delta / size) : "");
if (tolerance && Math.abs(delta) <= tolerance * size) return [text, "quiet", "in tolerance"];
const word = goal ? delta > 0 === goal > 0 ? "better" : "worse" : "";
return [text, word || "quiet", word];
}
function widen(low, high) {
const size = Math.max(Math.abs(low), Math.abs(high)), clamp = (value) => Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
if (size < 1e-300) return [0, 1];
return high / 2 - low / 2 > size * 1e-12 ? [low, high] : [clamp(low - size / 2), clamp(high + size / 2)];
}
function share(low, high) {
const half = high / 2 - low / 2;
return (value) => half > 0 ? Math.min(Math.max(0, (value / 2 - low / 2) / half), 1) : 0.5;
}
function linearScale(low, high, n) {
const ticks = niceTicks(low, high, n), margin = (high / 2 - low / 2) * 0.08, step = ticks[1] / 2 - ticks[0] / 2;
if (ticks.length > 3 && ticks[ticks.length - 1] / 2 - high / 2 > step / 2) { ticks.pop(); high += margin; }
if (ticks.length > 3 && low / 2 - ticks[0] / 2 > step / 2) { ticks.shift(); low -= margin; }
return [Math.min(low, ticks[0]), Math.max(high, ticks[ticks.length - 1]), ticks];
}
function logScale(low, high) {
const margin = Math.log10(high / low) * 0.04, from = low * 10 ** -margin, to = high * 10 ** margin;
return [from, to, logTicks(from, to)];
}
function unpack([low, high, isLog, packed]) {
const [start, end] = isLog ? [Math.log(low), Math.log(high)] : [low, high], bytes = atob(packed), values = [];
for (let i = 0; i < bytes.length; i += 2) {
const place = bytes.charCodeAt(i) | bytes.charCodeAt(i + 1) << 8, at = 2 * (start / 2 + (end / 2 - start / 2) * (place / 65000));
values.push(place > 65000 ? [null, NaN, Infinity, -Infinity][place - 65532] : place === 0 ? low : place === 65000 ? high : isLog ? Math.exp(at) : at);
}
return values;
}
const SHAPES = { 3: ["pt", "M0-4.2l4.2 7.3h-8.4z"], 4: ["open", "M0-4.2l4.2 4.2-4.2 4.2-4.2-4.2z"], 5: ["ln", "M-3-3l6 6m0-6l-6 6"] };
const placed = (kind, path, slot, x, y) => make("svg:svg", { class: `s${slot}`, x, y, width: 1, height: 1 }, make("svg:path", { class: kind, d: path }));
function marker(slot, x, y, radius) {
const side = 5.5 * radius / 3;
if (slot === 2) return make("svg:rect", { class: "open s2", x, y: y - side / 2, width: side, height: side, transform: `translate(${-side / 2})` });
return SHAPES[slot] ? placed(...SHAPES[slot], slot, x, y) : make("svg:circle", { class: `pt s${slot}`, cx: x, cy: y, r: radius });
}
function sample(slot) {
return make("svg:svg", { class: `sample s${slot}`, viewBox: "0 0 28 12", "aria-hidden": "true" }, make("svg:path", { class: `ln s${slot}`, d: "M0 6H28" }), slot ? marker(slot, "14", 6, 3) : "");
}
function oddMarks({ slot, odd }, atX, height) {
const cells = new Map();
for (const [x, y] of odd) {
const kind = Number.isNaN(y) ? "NaN" : y > 0 ? "∞" : `${MINUS}∞`, cell = kind + Math.floor(50 * atX(x));
cells.set(cell, [kind, (cells.get(cell) || [0, atX(x)])[1], (cells.get(cell) || [0, 0, 0])[2] + 1]);
}
return [...cells.values()].map(([kind, at, n]) => {
const x = `${100 * at}%`, y = kind === "∞" ? 0 : height;
return make("svg:g", make("svg:title", n > 1 ? `${n} × ${kind}` : kind), kind === "NaN" ? make("svg:circle", { class: `open s${slot}`, cx: x, cy: y, r: 3.5 })
: placed("pt", y ? "M0-.5l4.5-7.5h-9z" : "M0 .5l4.5 7.5h-9z", slot, x, y), make("svg:text", { class: at > 0.5 ? "lab e" : "lab", x, dx: at > 0.5 ? -8 : 8, y: y ? y - 7 : 9 }, kind));
});
}
function draw(curves, { id, title, description, height, isPercent }) {
const isDrawn = ([, y]) => y !== null && Number.isFinite(y);
const layers = curves.map(({ name, slot, xs, ys }) => {
const points = xs.map((x, i) => [x, ys[i]]).filter(([x]) => Number.isFinite(x));
return { name, slot, points, finite: points.filter(isDrawn), odd: points.filter(([, y]) => y !== null && !Number.isFinite(y)) };
}).sort((a, b) => (a.slot > 0) - (b.slot > 0) || b.slot - a.slot);
const xs = layers.flatMap((layer) => layer.points.map(([x]) => x)), ys = layers.flatMap((layer) => layer.finite.map(([, y]) => y));
const lowX = Math.min(...xs), highX = Math.max(...xs), atX = share(lowX, highX), low = Math.min(...ys), high = Math.max(...ys);
const isLog = low > 0 && high / low > 1000;
const [bottom, top, ticks] = !ys.length ? [0, 1, []] : isLog ? logScale(low, high) : linearScale(...widen(low, high), Math.max(2, Math.min(5, Math.floor(height / 40))));
const scale = isLog ? Math.log10 : (value) => value, place = share(scale(bottom), scale(top)), atY = (value) => place(scale(value));
const px = (y) => (height * (1 - atY(y))).toFixed(1), hundredths = (y) => Number((height - Math.round(100 * height * atY(y)) / 100).toFixed(2)), percent = (x) => `${(100 * atX(x)).toFixed(2)}%`;
const plain = ticks.map((tick) => isPercent ? `${formatTick(tick * 100)}${NBSP}%` : formatTick(tick)), labels = isLog ? plain : alignDecimals(plain), isInside = labels.some((label) => label.length > 6);
let across = highX > lowX ? niceTicks(lowX, highX, 5).filter((tick) => tick >= lowX && tick <= highX) : [lowX];
if (xs.every(Number.isInteger)) across = across.filter(Number.isInteger);
const names = alignDecimals(across.map(formatTick)), isCrowded = names.join("").length + 3 * names.length > 36, last = across.length - 1;
const axis = across.map((tick, i) => {
const label = names[i], x = percent(tick), at = atX(tick), anchor = label.length <= 2 || (at > 0.06 && at < 0.94) ? "c" : at > 0.5 ? "e" : "";
return [make("svg:line.axis", { x1: x, x2: x, y1: height, y2: height + 4 }),
make("svg:text", { class: anchor + (isCrowded && i > 0 && i < last && (i % 2 || i === last - 1) ? " x2" : ""), x, y: height + 18 }, label)];
});
const hasLine = ({ finite }) => finite.length > 2;
const isLone = (points, i) => isDrawn(points[i]) && !(i && isDrawn(points[i - 1])) && !(points[i + 1] && isDrawn(points[i + 1]));
const path = ({ points }) => points.map((point, i) => isDrawn(point) ? `${i && isDrawn(points[i - 1]) ? " " : "M"}${Math.round(1000 * atX(point[0]))} ${hundredths(point[1])}${isLone(points, i) ? "h0" : ""}` : "").join("");
const marked = (slot, points, radius) => points.map(([x, y]) => marker(slot, percent(x), Number(px(y)), radius));
const marks = ({ slot, points, finite }, isLine) => isLine ? [marked(slot, points.filter((_, i) => isLone(points, i)).slice(0, 40), 2.25), marked(slot, slot ? finite.slice(-1) : [], 3.5)] : marked(slot, finite, 3);
return [isLog, make("svg:svg", {
class: "plot", height, role: "img", "aria-labelledby": `${id}-t ${id}-d`,
"data-x": xs.length ? `${lowX} ${highX}` : null, "data-y": `${bottom} ${top}${isLog ? " log" : ""}`
},
make("svg:title", { id: `${id}-t` }, title), make("svg:desc", { id: `${id}-d` }, description + (isLog ? " The scale is logarithmic." : "")),
ticks.map((tick) => make("svg:line.grid", { x1: 0, x2: "100%", y1: px(tick), y2: px(tick) })),
make("svg:line.axis", { x1: 0, x2: "100%", y1: height, y2: height }), axis,
make("svg:svg", { width: "100%", height, viewBox: `0 0 1000 ${height}`, preserveAspectRatio: "none" }, layers.filter(hasLine).map((layer) => make("svg:path", { class: `ln s${layer.slot}`, "data-run": layer.name || null, d: path(layer) }))),
layers.map((layer) => [marks(layer, hasLine(layer)), oddMarks(layer, atX, height)]),
ticks.map((tick, i) => make("svg:text", isInside ? { class: "lab", x: 0, y: px(tick) - 4 } : { class: "e", x: -8, y: Number(px(tick)) + 4 }, labels[i])),
ys.length ? "" : make("svg:text.c", { x: "50%", y: height / 2 }, "no finite value"))];
}
Object.assign(window.reportgen, { write, describeChange, unpack, sample, draw });
})();
