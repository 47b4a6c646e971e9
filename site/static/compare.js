(function () {
"use strict";
const { load, make, mark, field: newField, name: bdi, time, count, Runs, STATUSES, write, describeChange, unpack, sample, draw, addControls } = window.reportgen;
const place = document.getElementById("compare"), MOST = 8, N_SLOTS = 5;
const known = new Map();
let index, metrics, finder, asked = [], showsAll = false;
const number = (value) => value === null ? null : Number(value);
function read([id, file, name, pipeline, deployment, status, started, took, tags, error, params, context, values, lists, artifacts, deletion], texts) {
const pairs = (list, of) => new Map(list.filter((_, i) => i % 2 === 0).map((at, i) => [texts[at], of(list[2 * i + 1])]));
return {
id, name, status, started, took, deletion, url: file === -1 ? null : `runs/${file || id}.html`, pipeline: texts[pipeline], deployment: texts[deployment],
tags: tags.map((at) => texts[at]).join(", "), error: error.map((at) => texts[at]).join(""),
params: pairs(params, (at) => texts[at]), context: pairs(context, (at) => texts[at]), metrics: pairs(values, number),
lists: new Map(lists.map(([at, n, last, low, high, mean, ...curve]) => [texts[at], { n, last: number(last), low, high, mean, curve }])),
artifacts: new Map(artifacts.filter(([at]) => at >= 0).map(([at, folder, version, content, isThinned]) => [texts[at], { version, isThinned, content: texts[content], folder: `artifacts/${folder || texts[at]}` }])),
nKeyless: artifacts.filter(([at]) => at < 0).length
};
}
async function lookUp(id, from, to) {
for (const [i, name] of index.spans.entries()) {
const [depth, at] = name.split("-"), width = 2 ** (53 - Number(depth)), start = parseInt(at, 16) * width;
const chunk = start <= to && start + width > from && await load(`compare/${name}.js`, index.counts[i]);
const row = chunk && chunk.runs.find((one) => one[0] === id || one[1] === id);
if (row) return read(row, chunk.texts);
}
return null;
}
async function openFinder() {
finder = finder || new Runs(await load(place.dataset.search) || { spans: [], counts: [] });
}
async function fetchRun(id) {
if (index.spans.length < 3) return lookUp(id, 0, 2 ** 53);
const parts = /^([0-9a-f]{8})-([0-9a-f]{4})-7/.exec(id), at = parts && parseInt(parts[1] + parts[2], 16) * 1000;
const found = parts && await lookUp(id, at - 1e6, at + 1e7);
if (found) return found;
for (await openFinder(); ; await finder.loadMore(8)) {
for (const { ids, started } of finder.chunks) {
const second = started[ids.indexOf(id)];
if (second !== undefined) return lookUp(id, second * 1e6, second * 1e6 + 999999);
}
if (finder.isWhole) return null;
}
}
function decode(text) {
try { return decodeURIComponent(text); } catch (malformed) { return text; }
}
function readAddress() {
const named = /[?&]runs=([^&]*)/.exec(location.search);
asked = [...new Set(named ? named[1].split(",").map(decode).filter(Boolean) : [])];
showsAll = /[?&]all=1(&|$)/.test(location.search);
}
function writeAddress(way) {
const others = location.search.slice(1).split("&").filter((part) => part && !/^(runs|all)=/.test(part));
history[way](null, "", `?${[`runs=${asked.map(encodeURIComponent).join(",")}`, ...(showsAll ? ["all=1"] : []), ...others].join("&")}`);
}
async function choose(ids, said) {
asked = ids;
writeAddress("pushState");
await show();
notice.textContent = said;
}
const intro = make("p.lede"), notice = make("p.vh", { role: "status" }), chosen = make("ol.chosen"), results = make("div");
const field = newField("add");
const offers = make("ul.offers"), offersNote = make("p.quiet.small", { role: "status" }), toggle = make("input", { type: "checkbox" });
const picker = make("details.picker", make("summary", "Add a run"), make("div", make("label", { for: "add" }, "Name, pipeline, status, parameter or id"), field, offers, offersNote));
const choices = make("p.choices", make("label", toggle, "Show what is equal, too"));
const slotOf = (at) => at < N_SLOTS ? at + 1 : 0;
function chosenItem(id, at) {
const run = known.get(id), name = run ? run.name : id;
const button = (text, label, ids, next) => make("button", {
type: "button", title: label, "aria-label": `${label}: ${name}`, disabled: !at && text === "↑",
click: () => choose(ids, `${label}: ${name}`).then(() => ((chosen.children[next] || picker).querySelector("button:not(:disabled), summary")).focus())
}, text);
const others = asked.filter((one) => one !== id);
const said = !run ? "No run of this id is in this site." : run.deletion ? `Deleted on ${run.deletion}` : [bdi(run.pipeline), ` · ${run.started}`, at || asked.length < 2 ? "" : " · the others are held against it"];
return make("li", run && !run.deletion ? sample(slotOf(at)) : make("span.sample"),
make("div", run ? make("span.st", mark(run.status), make("a", { href: run.url }, bdi(name))) : make("span.id", id), make("span.sub", said)),
make("span.does", button("↑", "Move up", [...others.slice(0, at - 1), id, ...others.slice(at - 1)], at - 1), button("×", "Remove", others, Math.min(at, others.length - 1))));
}
function offer(run) {
return make("li", make("button", { type: "button", click: () => choose([...asked, run.id], `Added: ${run.name}`).then(() => field.focus()) }, mark(run.status), make("span.vh", `${STATUSES[run.status][1]} `), bdi(run.name)),
make("span.quiet.small", bdi(run.pipeline), run.deployment ? [", ", bdi(run.deployment)] : "", " · ", time(run.started)));
}
function listOffers() {
const isFull = asked.length >= MOST, first = asked.map((id) => known.get(id)).find(Boolean), words = field.value.trim();
const found = isFull ? [] : finder.find(words).map(({ chunk, i }) => finder.run(chunk, i)).filter((run) => !asked.includes(run.id) && run.status < 5);
if (!words && first) found.sort((a, b) => (b.pipeline === first.pipeline) - (a.pipeline === first.pipeline));
offers.replaceChildren(...found.slice(0, 8).map(offer));
offersNote.textContent = isFull ? `${MOST} runs fit side by side. Remove one first.` : [found.length > 8 ? `8 of ${count(found.length, "run")}.` : found.length || !finder.isWhole ? "" : "No run has all of these words.",
finder.isWhole ? "" : `Looked through the newest ${finder.nLoaded.toLocaleString("en")} of ${count(finder.n, "run")}.`].join(" ");
return !isFull && found.length < 8 && !finder.isWhole;
}
async function openOffers() {
if (!picker.open) return;
await openFinder();
if (!finder.chunks.length) await finder.loadMore(1);
while (listOffers()) await finder.loadMore(8);
}
const nDiffer = {};
const namesOf = (runs, kind) => [...new Set(runs.flatMap((run) => [...run[kind].keys()]))].sort((a, b) => metricOf(a).rank - metricOf(b).rank || (a < b ? -1 : 1));
const none = (why) => make("span.quiet", "–", make("span.vh", ` ${why}`));
function section(title, kind, runs, names, cellsOf, before) {
const rows = names.map((name) => [name, ...cellsOf(name)]), isSame = ([, , texts]) => texts.every((text) => text === texts[0]);
const shown = rows.filter((row) => showsAll || runs.length < 2 || !isSame(row));
nDiffer[kind] = rows.filter((row) => !isSame(row)).length;
if (!rows.length && !before) return "";
const side = kind === "metrics" || kind === "lists" ? "n" : null, label = `${title} side by side`;
const head = runs.map((run) => make("th", { scope: "col", class: side }, run.lists.size ? sample(run.slot) : "", bdi(run.name)));
const table = make("div.scroll", { role: "region", "aria-label": label, tabindex: "0" }, make("table", { class: `cmp cmp-${runs.length}` }, make("caption.vh", label),
make("thead", make("tr", make("th", { scope: "col" }, make("span.vh", "Name")), head)),
make("tbody", shown.map((row) => make("tr", { class: isSame(row) && runs.length > 1 ? "same" : null }, make("th", { scope: "row" }, row[1] ? make("a", { href: row[1] }, bdi(row[0])) : bdi(row[0])), row[3].map((cell) => make("td", { class: side }, cell)))))));
const nHidden = rows.length - shown.length;
return make("section.sec.wide", { id: kind }, make("div.head", make("h2", title), make("p", nHidden ? `${count(nHidden, "equal row")} not shown` : "")),
make("div.body", before, shown.length ? table : rows.length ? make("p.quiet", "Nothing differs.") : ""));
}
function facts(runs) {
const of = { Status: (run) => STATUSES[run.status][1], Pipeline: (run) => run.pipeline, Deployment: (run) => run.deployment, Started: (run) => run.started, Took: (run) => run.took, Tags: (run) => run.tags, Error: (run) => run.error };
return section("Runs", "facts", runs, Object.keys(of).filter((label) => runs.some(of[label])), (label) => [null, runs.map(of[label]),
runs.map((run) => label === "Status" ? make("span", { class: `st ${STATUSES[run.status][0]}` }, mark(run.status), of.Status(run)) : of[label](run) ? bdi(of[label](run)) : none("none"))]);
}
function values(title, kind, runs) {
return section(title, kind, runs, namesOf(runs, kind), (name) => {
const all = runs.map((run) => run[kind].get(name));
return [null, all, all.map((json) => json === undefined ? none("not set") : make("bdi", { class: json === all[0] ? null : "new" }, json[0] === '"' ? JSON.parse(json) : json))];
});
}
const metricOf = (name) => metrics.get(name) || { url: null, goal: 0, tolerance: 0, form: { decimals: 4, unit: "" }, rank: metrics.size };
function numberCell(value, first, metric) {
if (value === undefined || value === null) return none("not recorded");
const [text, tone, word] = first === undefined || first === null ? ["", "", ""] : describeChange(value, first, metric);
return [write(value, metric.form), text && make("span", { class: `sub chg ${tone}` }, text, word && ` ${word}`)];
}
function numbers(runs) {
return section("Metrics", "metrics", runs, namesOf(runs, "metrics"), (name) => {
const metric = metricOf(name), all = runs.map((run) => run.metrics.get(name));
return [metric.url, all.map(String), all.map((value, at) => numberCell(value, at ? all[0] : null, metric))];
});
}
function chart(runs, name, i) {
const { url, form } = metricOf(name), having = runs.filter((run) => run.lists.has(name)), drawn = having.filter((run) => run.lists.get(name).curve.length);
if (!drawn.length) return "";
const [isLog, drawing] = draw(drawn.map((run) => ({ name: run.name, slot: run.slot, xs: unpack(run.lists.get(name).curve.slice(0, 4)), ys: unpack(run.lists.get(name).curve.slice(4)) })), {
id: `curve${i}`, title: `${name} of ${count(drawn.length, "run")}`, height: 160, isPercent: form.unit === "%",
description: `${having.map((run) => `${run.name} ends at ${write(run.lists.get(name).last, form)}`).join(", ")}.`
});
return make("figure.chart", make("figcaption", make("b", make("a", { href: url }, bdi(name))), isLog ? make("span.quiet", " log scale") : ""), drawing);
}
function curves(runs) {
const names = namesOf(runs, "lists"), grey = runs.filter((run) => run.lists.size && !run.slot);
if (!names.length) return "";
const bar = make("div.tools.lines"), legend = make("ul.legend", runs.filter((run) => run.lists.size && run.slot).map((run) => make("li", sample(run.slot), bdi(run.name))),
grey.length ? make("li", sample(0), "in grey: ", grey.map((run, i) => [i ? ", " : "", bdi(run.name)])) : "");
const part = section("Curves", "lists", runs, names, (name) => {
const metric = metricOf(name), all = runs.map((run) => run.lists.get(name) || {});
return [metric.url, all.map(({ n, last, low, high, mean }) => [n, last, low, high, mean].join()), all.map((one, at) => [numberCell(one.last, at ? all[0].last : null, metric),
one.n ? make("span.sub", one.low === null ? "" : `${write(one.low, metric.form)} to ${write(one.high, metric.form)}, `, count(one.n, "point")) : ""])];
}, [bar, legend, make("div.multi", names.map((name, i) => chart(runs, name, i))), make("p.quiet.small", "The last value, and from the lowest to the highest:")]);
addControls(bar);
return part;
}
function artifacts(runs) {
const cell = (found, first) => {
if (!found) return none("not made");
const page = found.isThinned ? null : `${found.folder}/v${found.version}.html`, link = make("a", { href: page }, `v${found.version}`);
if (!first) return [link, first === undefined ? " new" : ""];
if (first.content === found.content) return [link, make("span.quiet", " same content")];
return [link, " ", page && found.version === first.version + 1 ? make("a", { href: `${page}#changes` }, "what changed") : "changed"];
};
const keyless = runs.filter((run) => run.nKeyless).map((run, i) => [i ? ", " : "Without a key: ", make("a", { href: run.url && `${run.url}#artifacts` }, String(run.nKeyless), " of ", bdi(run.name))]);
return section("Artifacts", "artifacts", runs, namesOf(runs, "artifacts"), (name) => {
const all = runs.map((run) => run.artifacts.get(name));
return [`${all.find(Boolean).folder}/index.html`, all.map((one) => one && one.content), all.map((one, at) => cell(one, at ? all[0] : null))];
}, keyless.length ? make("p.quiet.small", keyless) : "");
}
async function show() {
const ids = asked = asked.slice(0, MOST);
await Promise.all(ids.filter((id) => !known.has(id)).map(async (id) => known.set(id, await fetchRun(id))));
if (asked !== ids) return;
const runs = ids.map((id, at) => ({ ...known.get(id), slot: slotOf(at) })).filter((run) => run.id && !run.deletion);
chosen.replaceChildren(...ids.map(chosenItem));
results.replaceChildren(...(runs.length ? [facts(runs), values("Parameters", "params", runs), numbers(runs), curves(runs), artifacts(runs), values("Code and machine", "context", runs)] : []));
intro.textContent = runs.length > 1 ? `Between these ${runs.length} runs ${count(nDiffer.params, "parameter")}, ${count(nDiffer.metrics + (nDiffer.lists || 0), "metric")} and ${count(nDiffer.artifacts, "artifact")} differ.`
: ids.length ? "Add another run to compare with." : "Choose two runs or more: parameters, metrics, curves and artifacts then stand side by side.";
document.title = document.title.replace(/^.*(?= · )/, ["Compare", ...runs.map((run) => run.name)].join(" "));
toggle.checked = showsAll;
choices.hidden = runs.length < 2;
picker.open = picker.open || !ids.length;
openOffers();
}
async function begin() {
index = await load(place.dataset.index);
if (!index) return;
metrics = new Map(index.metrics.map(([name, file, goal, tolerance, unit, decimals], rank) => [name, { url: `metrics/${file || name}.html`, goal, tolerance, form: { unit, decimals }, rank }]));
place.replaceChildren(intro, chosen, picker, choices, notice, results);
let timer;
field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(openOffers, 120); });
picker.addEventListener("toggle", () => { openOffers(); if (picker.open && asked.length) field.focus(); });
toggle.addEventListener("change", () => { showsAll = toggle.checked; writeAddress("replaceState"); show(); });
addEventListener("popstate", () => { readAddress(); show(); });
readAddress();
show();
}
begin();
})();
