(function () {
"use strict";
const { make } = window.reportgen;
const asked = new Map();
const wanted = new Map();
const STATUSES = [["ok", "completed"], ["bad", "failed"], ["run", "running"], ["warn", "stalled"], ["off", "cancelled"], ["off", "deleted"]];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
function take(url, data) {
const done = wanted.get(url);
if (done) done(data);
}
function load(url, stamp) {
if (!asked.has(url)) {
asked.set(url, new Promise((resolve) => {
const script = document.createElement("script");
wanted.set(url, resolve);
script.src = stamp === undefined ? url : `${url}?${stamp}`;
script.onload = script.onerror = () => { resolve(null); script.remove(); };
document.head.append(script);
}));
}
return asked.get(url);
}
const field = (id) => make("input", { id, type: "search", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
const name = (text) => make("bdi", text);
function mark(status) {
return make("svg:svg", { class: `mk ${STATUSES[status][0]}`, "aria-hidden": "true" }, make("svg:use", { href: `#m-${STATUSES[status][0]}` }));
}
function time(seconds) {
const at = new Date(seconds * 1000);
const text = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}, ${at.toISOString().slice(11, 16)}`;
return make("time", { datetime: at.toISOString() }, text);
}
function count(n, noun) {
return `${n.toLocaleString("en")}\u00a0${noun}${n === 1 ? "" : "s"}`;
}
function fold(text) {
return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
function grade(text, term) {
let at = text.indexOf(term);
if (at < 0) return 0;
if (at === 0) return text.length === term.length ? 4 : 3;
for (; at > 0; at = text.indexOf(term, at + 1)) if (!/[\p{L}\p{N}]/u.test(text[at - 1])) return 2;
return 1;
}
function split(query) {
return fold(query).split(/\s+/).filter(Boolean);
}
class Runs {
constructor(index) {
this.spans = index.spans.map((name, i) => [name, index.counts[i]]);
this.n = index.counts.reduce((sum, n) => sum + n, 0);
this.nLoaded = 0;
this.chunks = [];
}
get isWhole() { return this.spans.length === 0; }
async loadMore(n) {
const next = this.spans.splice(-n).reverse();
for (const [chunk, size] of await Promise.all(next.map(async ([name, size]) => [await load(`search/${name}.js`, size), size]))) {
this.nLoaded += size;
if (!chunk) continue;
chunk.foldedTexts = chunk.texts.map((text) => fold(text.slice(1)));
chunk.foldedNames = chunk.names.map(fold);
chunk.foldedGroups = chunk.groups.map(fold);
chunk.foldedIds = chunk.ids.map(fold);
this.chunks.push(chunk);
}
}
run(chunk, i) {
const url = chunk.files[i] === -1 ? null : `runs/${chunk.files[i] || chunk.ids[i]}.html`;
return {
id: chunk.ids[i], name: chunk.names[i], url, status: chunk.statuses[i], started: chunk.started[i],
pipeline: chunk.groups[chunk.pipelines[i]], deployment: chunk.groups[chunk.deployments[i]]
};
}
find(query) {
const terms = split(query);
const found = [];
for (const chunk of this.chunks) {
const texts = terms.map((term) => chunk.foldedTexts.map((text) => grade(text, term)));
const groups = terms.map((term) => chunk.foldedGroups.map((text) => grade(text, term)));
const states = terms.map((term) => STATUSES.map(([, word]) => term.length > 2 && word.startsWith(term) ? 2 : 0));
for (let i = chunk.ids.length - 1; i >= 0; i--) {
let score = 0;
const why = new Set();
for (let t = 0; t < terms.length; t++) {
let best = 4 * grade(chunk.foldedNames[i], terms[t]);
if (chunk.foldedIds[i].startsWith(terms[t])) best = Math.max(best, 16);
best = Math.max(best, 2 * groups[t][chunk.pipelines[i]], 2 * groups[t][chunk.deployments[i]], 2 * states[t][chunk.statuses[i]]);
for (const text of chunk.said[i]) {
if (texts[t][text]) {
best = Math.max(best, texts[t][text]);
if (why.size < 3) why.add(text);
}
}
if (!best) { score = -1; break; }
score += best;
}
if (score >= 0) found.push({ chunk, i, score, why });
}
}
return found.sort((a, b) => b.score - a.score || b.chunk.started[b.i] - a.chunk.started[a.i]);
}
}
Object.assign(window.reportgen, { take, load, field, name, mark, time, count, fold, grade, split, Runs, STATUSES });
})();
