(function () {
"use strict";
const { load, make, mark, field: newField, name: bdi, time, count, fold, grade, split, Runs, STATUSES } = window.reportgen;
const place = document.getElementById("search");
const KINDS = { p: "parameter", t: "tag", e: "error", d: "description" };
const AT_ONCE = 50;
const field = newField("q");
const slash = make("input", { type: "checkbox", change: keepSlash });
const hint = make("p.hint.quiet.small", make("span", { id: "hint" }, "Parts of words do; more words find less. ", make("kbd", "↓"), " goes to what is found."),
make("label", slash, make("span", "The key ", make("kbd", "/"), " leads here from every page")));
const said = make("p.said", { role: "status" });
const results = make("div");
let index = null;
let runs = null;
let shown = AT_ONCE;
let timer = 0;
function marked(text, terms) {
const folded = fold(text);
if (folded.length !== text.length) return [text];
const hits = terms.map((term) => [folded.indexOf(term), term.length]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0]);
const parts = [];
let end = 0;
for (const [at, length] of hits) {
if (at < end) continue;
parts.push(text.slice(end, at), make("mark", text.slice(at, at + length)));
end = at + length;
}
return [...parts, text.slice(end)];
}
function around(text, terms) {
const at = Math.min(...terms.map((term) => fold(text).indexOf(term)).filter((one) => one >= 0), text.length);
const start = at > 70 ? at - 40 : 0;
const part = text.slice(start, start + 160);
return marked((start ? "…" : "") + part + (start + 160 < text.length ? "…" : ""), terms);
}
function findNamed(entries, terms) {
const found = [];
for (const entry of entries) {
let score = 0;
for (const term of terms) {
const best = Math.max(...entry.folded.map((text, i) => grade(text, term) * (i ? 1 : 4)));
if (!best) { score = -1; break; }
score += best;
}
if (score >= 0) found.push([score, entry]);
}
return found.sort((a, b) => b[0] - a[0] || (a[1].name < b[1].name ? -1 : 1)).map(([, entry]) => entry);
}
function missing(terms, ...texts) {
return terms.filter((term) => !texts.some((text) => fold(text).includes(term)));
}
function namedItem(entry, terms) {
const rest = missing(terms, entry.name), why = entry.said.filter((text) => rest.some((term) => fold(text).includes(term)));
return make("li", make("a", { href: entry.url }, bdi(marked(entry.name, terms))), make("span.quiet", ` ${entry.note}`),
why.map((text) => make("span.sub", { dir: "auto" }, around(text, terms))));
}
function runItem(found, terms) {
const run = runs.run(found.chunk, found.i);
const rest = missing(terms, run.name, run.pipeline, run.deployment || "");
const why = [...found.why].map((number) => found.chunk.texts[number]).filter((text) => rest.some((term) => fold(text).includes(term)));
return make("li", make("span.st", mark(run.status), make("a", { href: run.url }, bdi(marked(run.name, terms)))),
make("span", { class: run.status ? "quiet" : "vh" }, ` ${STATUSES[run.status][1]}`),
make("span.quiet", " ", bdi(marked(run.pipeline, terms)), run.deployment ? [", ", bdi(marked(run.deployment, terms))] : "", " · ", time(run.started)),
terms.some((term) => term.length > 3 && fold(run.id).startsWith(term)) ? make("span.sub.id", run.id) : "",
why.map((text) => make("span.sub", { dir: "auto" }, `${KINDS[text[0]]} `, around(text.slice(1), terms))));
}
function group(title, items, note, more) {
if (!items.length) return "";
return make("section.sec", make("div.head", make("h2", title), make("p", note)), make("div.body", make("ul.hits", items), more || ""));
}
function show() {
const terms = split(field.value);
document.title = document.title.replace(/^.*?(?= · )/, terms.length ? `${field.value.trim()} – Search` : "Search");
if (!terms.length) {
results.replaceChildren();
said.textContent = `${count(index.keys.length, "key")}, ${count(index.metrics.length, "metric")}, ${count(index.pipelines.length, "pipeline")} and ${count(runs.n, "run")} to find.`;
return;
}
const named = ["keys", "metrics", "pipelines"].map((kind) => findNamed(index[kind], terms));
const found = runs.find(field.value);
const more = found.length > shown
? make("p", make("button", { type: "button", click: () => { shown += 4 * AT_ONCE; const at = results.querySelectorAll(".hits li").length; show(); focusHit(at); } }, `Show more of ${count(found.length, "run")}`)) : "";
const groups = [
group("Artifacts", named[0].map((entry) => namedItem(entry, terms)), count(named[0].length, "key")),
group("Metrics", named[1].map((entry) => namedItem(entry, terms)), count(named[1].length, "metric")),
group("Pipelines", named[2].map((entry) => namedItem(entry, terms)), count(named[2].length, "pipeline")),
group("Runs", found.slice(0, shown).map((one) => runItem(one, terms)), count(found.length, "run"), more)
];
results.replaceChildren(...groups.filter(Boolean));
const n = named.reduce((sum, one) => sum + one.length, found.length);
const where = runs.isWhole ? "" : ` Looking through older runs: ${runs.nLoaded.toLocaleString("en-GB")} of ${count(runs.n, "run")} so far.`;
said.textContent = (n ? `${count(n, "result")}.` : runs.isWhole ? "Nothing has all of these words. Fewer or shorter ones find more." : "") + where;
}
function focusHit(at) {
const links = [...results.querySelectorAll(".hits a")];
if (links.length) (links[at] || links[links.length - 1]).focus();
}
async function loadRuns() {
show();
while (!runs.isWhole && split(field.value).length) {
await runs.loadMore(4);
show();
}
}
function keepInAddress() {
const query = field.value.trim();
history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
}
function keepSlash() {
try { localStorage.setItem("reportgen-slash", slash.checked ? "on" : "off"); } catch (denied) { /* then it stays as it is */ }
}
function readSlash() {
try { slash.checked = localStorage.getItem("reportgen-slash") !== "off"; } catch (denied) { slash.checked = true; }
}
function readAddress() {
field.value = new URLSearchParams(location.search).get("q") || "";
}
function onKey(event) {
const links = [...results.querySelectorAll(".hits a")];
const at = links.indexOf(document.activeElement);
if (event.key === "Enter" && document.activeElement === field && links[0]) links[0].click();
else if (event.key === "ArrowDown" && (at >= 0 || document.activeElement === field) && links[at + 1]) links[at + 1].focus();
else if (event.key === "ArrowUp" && at >= 0) (links[at - 1] || field).focus();
else return;
event.preventDefault();
}
function prepare(loaded) {
const enter = (name, file, folder, note, said) => ({ name, note, said, url: folder(file || name), folded: [name, ...said].map(fold) });
index = {
keys: loaded.keys.map(([name, file, type, n, ...more]) => enter(name, file, (one) => `artifacts/${one}/index.html`, `${type}, ${count(n, "version")}`, more.filter(Boolean))),
metrics: loaded.metrics.map(([name, file]) => enter(name, file, (one) => `metrics/${one}.html`, "", [])),
pipelines: loaded.pipelines.map(([name, file, n, more]) => enter(name, file, (one) => `pipelines/${one}.html`, count(n, "run"), more ? [more] : []))
};
runs = new Runs(loaded);
}
async function begin() {
const loaded = await load(place.dataset.index);
if (!loaded) return;
prepare(loaded);
place.replaceChildren(make("p.ask", make("label", { for: "q" }, "Keys, names, parameters, tags, descriptions, columns"), field), hint, said, results);
readAddress();
readSlash();
field.addEventListener("input", () => {
clearTimeout(timer);
timer = setTimeout(() => { shown = AT_ONCE; keepInAddress(); loadRuns(); }, 120);
});
document.addEventListener("keydown", onKey);
addEventListener("popstate", () => { readAddress(); loadRuns(); });
if (!field.value) field.focus();
loadRuns();
}
begin();
})();
