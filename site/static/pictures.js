(function () {
"use strict";
const { make, read, keep } = window.reportgen;
const PERIOD = 1000;
const WAYS = { side: "Side by side", swipe: "Swipe", blink: "Blink", difference: "Difference" };
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const film = document.querySelector(".film");
let sides, pair, pixels, place, panel, timer = 0, box = document.querySelector(".pictures");
if (box) {
sides = Array.prototype.map.call(box.querySelectorAll(".pairimg > figure"), sideOf);
if (sides[0] && sides[1]) start(box);
} else if (film) offer(film);
function start(box) {
pair = box.querySelector(".pairimg");
pixels = box.querySelector(".pixels");
place = box.querySelector(".views");
panel = make("div", { hidden: true });
place.textContent = "";
place.append(makeChoice());
pair.parentNode.insertBefore(panel, pair.nextSibling);
choose(WAYS[read("view")] ? read("view") : "side");
}
function offer(film) {
const all = Array.prototype.filter.call(film.querySelectorAll("img"), function (image) { return image.dataset.full; }).map(function (image) {
return {
name: image.dataset.version,
url: image.dataset.full,
alt: image.alt,
width: Number(image.dataset.width),
height: Number(image.dataset.height)
};
});
const area = document.querySelector(".choose");
if (all.length < 2 || !area) return;
const wanted = read("versions").split(",");
const selects = [all.length - 2, all.length - 1].map(function (chosen, number) {
const select = make("select", { "aria-label": number ? "Newer version" : "Older version" }, all.map((side, index) => make("option", { value: index }, side.name)));
all.forEach(function (side, index) { if (side.name === wanted[number]) chosen = index; });
select.value = chosen;
select.addEventListener("change", function () { if (pair) show(); });
return select;
});
area.append(make("div.tools", selects[0], "with", selects[1], make("button", { type: "button", click: show }, "Compare")));
if (wanted.length === 2) show();
function show() {
clearInterval(timer);
sides = selects.map(function (select) { return all[select.value]; });
if (box) box.remove();
box = make("div.pictures", make("div.views"), makePair());
area.append(box);
start(box);
keep("versions", sides[0].name + "," + sides[1].name);
}
}
function makePair() {
const size = (side) => side.width.toLocaleString("en") + " × " + side.height.toLocaleString("en") + " pixels";
return make("div.pairimg", sides.map((side) => make("figure", make("figcaption", side.name + ": " + size(side)),
make("img", { src: side.url, alt: side.alt, width: side.width, height: side.height }))));
}
function sideOf(figure) {
const shown = figure.querySelector("img, image");
if (!shown) return null;
const size = function (name) { return Number(shown.getAttribute(name)) || shown[name === "width" ? "naturalWidth" : "naturalHeight"]; };
return {
name: figure.dataset.version,
url: shown.getAttribute("src") || shown.getAttribute("href"),
alt: shown.getAttribute("alt") || shown.closest("svg").getAttribute("aria-label"),
width: size("width"),
height: size("height")
};
}
function makeChoice() {
return make("fieldset.ways", make("legend.vh", "How to compare the two images"), Object.keys(WAYS).map((way) => make("label",
make("input", { type: "radio", name: "way", value: way, change: () => { choose(way); keep("view", way === "side" ? "" : way); } }), WAYS[way])));
}
function choose(way) {
clearInterval(timer);
place.querySelector("[value=" + way + "]").checked = true;
panel.textContent = "";
panel.hidden = way === "side";
pair.hidden = way !== "side";
if (pixels) pixels.hidden = way === "swipe" || way === "blink";
if (way === "swipe") showSwipe();
if (way === "blink") showBlink();
if (way === "difference") {
if (pixels) panel.hidden = true;
else showBlend();
}
}
function makeStage() {
const width = Math.max(sides[0].width, sides[1].width), height = Math.max(sides[0].height, sides[1].height);
const stage = make("div.stage", make("svg:svg", { class: "frame base", width: width, height: height, viewBox: "0 0 " + width + " " + height, "aria-hidden": "true" }));
return { element: stage, images: sides.map(function (side) {
const image = make("img", { src: side.url, alt: side.alt, decoding: "sync" });
image.style.width = 100 * side.width / width + "%";
image.style.height = 100 * side.height / height + "%";
stage.append(image);
return image;
}) };
}
function showSwipe() {
const stage = makeStage();
const cut = make("div.cut");
const label = "Where " + sides[0].name + " on the left ends and " + sides[1].name + " begins, in per cent of the width";
const slider = make("input", { type: "range", min: 0, max: 100, step: "any", value: 50, "aria-label": label });
stage.element.append(cut);
panel.append(make("div.tools", sides[0].name, slider, sides[1].name), stage.element);
function move() {
const part = Number(slider.value);
const whole = stage.element.clientWidth || 1;
cut.style.left = part + "%";
slider.setAttribute("aria-valuetext", Math.round(part) + " %");
stage.images.forEach(function (image, number) {
const own = part * whole / (image.clientWidth || whole);
image.style.clipPath = number ? "inset(0 0 0 " + Math.min(own, 100) + "%)" : "inset(0 " + Math.max(100 - own, 0) + "% 0 0)";
});
}
function follow(event) {
const edges = stage.element.getBoundingClientRect();
slider.value = Math.min(Math.max(100 * (event.clientX - edges.left) / edges.width, 0), 100);
move();
}
slider.addEventListener("input", move);
slider.addEventListener("keydown", function (event) {
const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
if (!step) return;
event.preventDefault();
slider.value = Math.min(Math.max(Number(slider.value) + step, 0), 100);
move();
});
stage.element.addEventListener("pointerdown", function (event) {
event.preventDefault();
stage.element.setPointerCapture(event.pointerId);
follow(event);
});
stage.element.addEventListener("pointermove", function (event) {
if (event.buttons) follow(event);
});
window.addEventListener("resize", move);
move();
}
function showBlink() {
const stage = makeStage();
const pause = make("button", { type: "button", click: function () { run(!timer); } });
const turn = make("button", { type: "button", click: function () { run(false); show(1 - shown); } });
const name = make("b");
let shown = 1;
panel.append(make("div.tools", pause, turn, name), stage.element);
show(1);
run(!still.matches);
function show(number) {
shown = number;
stage.images.forEach(function (image, place) { image.classList.toggle("away", place !== number); });
name.textContent = sides[number].name;
turn.textContent = "Show " + sides[1 - number].name;
}
function run(goes) {
clearInterval(timer);
timer = goes ? setInterval(function () { show(1 - shown); }, PERIOD) : 0;
pause.textContent = goes ? "Stop" : "Blink";
}
}
function showBlend() {
const stage = makeStage();
stage.images[1].classList.add("blend");
panel.append(make("p.quiet.small", "What is black is the same in " + sides[0].name + " and " + sides[1].name + "."), stage.element);
}
})();
