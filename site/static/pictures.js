(function () {
"use strict";
var PERIOD = 1000; /* ms; slow enough for those whom flashes harm */
var WAYS = { side: "Side by side", swipe: "Swipe", blink: "Blink", difference: "Difference" };
var still = window.matchMedia("(prefers-reduced-motion: reduce)");
var asked = new URLSearchParams(location.search);
var sides, pair, pixels, place, panel;
var timer = 0;
var box = document.querySelector(".pictures");
var film = document.querySelector(".film");
if (box) {
sides = Array.prototype.map.call(box.querySelectorAll(".pairimg > figure"), read);
if (sides[0] && sides[1]) start(box);
} else if (film) offer(film);
/* Put the choice of ways in the place of the words above the pair. */
function start(box) {
pair = box.querySelector(".pairimg");
pixels = box.querySelector(".pixels");
place = box.querySelector(".views");
panel = make("div", { hidden: "" });
place.textContent = "";
place.appendChild(makeChoice());
pair.parentNode.insertBefore(panel, pair.nextSibling);
choose(WAYS[asked.get("view")] ? asked.get("view") : "side");
}
/* Of all versions of a key: let any two be chosen. */
function offer(film) {
var all = Array.prototype.filter.call(film.querySelectorAll("img"), function (image) { return image.dataset.full; }).map(function (image) {
return {
name: image.dataset.version,
url: image.dataset.full,
alt: image.alt,
width: Number(image.dataset.width),
height: Number(image.dataset.height)
};
});
var area = document.querySelector(".choose");
if (all.length < 2 || !area) return;
var wanted = (asked.get("versions") || "").split(",");
var selects = [all.length - 2, all.length - 1].map(function (chosen, number) {
var select = make("select", { "aria-label": number ? "Newer version" : "Older version" });
all.forEach(function (side, index) {
select.appendChild(make("option", { value: index }, side.name));
if (side.name === wanted[number]) chosen = index;
});
select.value = chosen;
select.addEventListener("change", function () { if (pair) show(); });
return select;
});
var button = make("button", { type: "button" }, "Compare");
var tools = make("div", { "class": "tools" });
[selects[0], make("span", {}, "with"), selects[1], button].forEach(function (part) { tools.appendChild(part); });
button.addEventListener("click", show);
area.appendChild(tools);
if (wanted.length === 2) show();
function show() {
clearInterval(timer);
sides = selects.map(function (select) { return all[select.value]; });
if (box) box.remove();
box = make("div", { "class": "pictures" });
box.appendChild(make("div", { "class": "views" }));
box.appendChild(makePair());
area.appendChild(box);
start(box);
keep("versions", sides[0].name + "," + sides[1].name);
}
}
function makePair() {
var pair = make("div", { "class": "pairimg" });
sides.forEach(function (side) {
var figure = make("figure");
figure.appendChild(make("figcaption", {}, side.name + ": " + side.width.toLocaleString("en") + " × " + side.height.toLocaleString("en") + " pixels"));
figure.appendChild(make("img", { src: side.url, alt: side.alt, width: side.width, height: side.height }));
pair.appendChild(figure);
});
return pair;
}
function read(figure) {
var shown = figure.querySelector("img, image");
if (!shown) return null;
var size = function (name) { return Number(shown.getAttribute(name)) || shown[name === "width" ? "naturalWidth" : "naturalHeight"]; };
return {
name: figure.dataset.version,
url: shown.getAttribute("src") || shown.getAttribute("href"),
alt: shown.getAttribute("alt") || shown.closest("svg").getAttribute("aria-label"),
width: size("width"),
height: size("height")
};
}
function make(tag, attributes, text) {
var element = document.createElement(tag);
Object.keys(attributes || {}).forEach(function (name) { element.setAttribute(name, attributes[name]); });
if (text) element.textContent = text;
return element;
}
function makeChoice() {
var group = make("fieldset", { "class": "ways" });
group.appendChild(make("legend", { "class": "vh" }, "How to compare the two images"));
Object.keys(WAYS).forEach(function (way) {
var label = make("label");
var input = make("input", { type: "radio", name: "way", value: way });
input.checked = way === "side";
input.addEventListener("change", function () { choose(way); keep("view", way === "side" ? "" : way); });
label.appendChild(input);
label.appendChild(document.createTextNode(WAYS[way]));
group.appendChild(label);
});
return group;
}
/* Keep in the address what is chosen, so that a link shows the same. */
function keep(name, value) {
if (value) asked.set(name, value);
else asked.delete(name);
var query = asked.toString().replace(/%2C/g, ",");
try {
history.replaceState(null, "", (query ? "?" + query : location.pathname) + location.hash);
} catch (denied) { /* some browsers keep the address of a file as it is: the choice then holds for its page */ }
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
/* An empty picture of the size of both gives the stage its height at any width. */
function makeStage() {
var width = Math.max(sides[0].width, sides[1].width), height = Math.max(sides[0].height, sides[1].height);
var stage = make("div", { "class": "stage" });
var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
svg.setAttribute("width", width);
svg.setAttribute("height", height);
svg.setAttribute("viewBox", "0 0 " + width + " " + height);
svg.setAttribute("class", "frame base");
svg.setAttribute("aria-hidden", "true");
stage.appendChild(svg);
return { element: stage, images: sides.map(function (side) {
var image = make("img", { src: side.url, alt: side.alt, decoding: "sync" });
image.style.width = 100 * side.width / width + "%";
image.style.height = 100 * side.height / height + "%";
stage.appendChild(image);
return image;
}) };
}
function showSwipe() {
var stage = makeStage();
var cut = make("div", { "class": "cut" });
var label = "Where " + sides[0].name + " on the left ends and " + sides[1].name + " begins, in per cent of the width";
var slider = make("input", { type: "range", min: 0, max: 100, step: "any", value: 50, "aria-label": label });
var tools = make("div", { "class": "tools" });
stage.element.appendChild(cut);
tools.appendChild(make("span", {}, sides[0].name));
tools.appendChild(slider);
tools.appendChild(make("span", {}, sides[1].name));
panel.appendChild(tools);
panel.appendChild(stage.element);
function move() {
var part = Number(slider.value);
var whole = stage.element.clientWidth || 1;
cut.style.left = part + "%";
slider.setAttribute("aria-valuetext", Math.round(part) + " %");
stage.images.forEach(function (image, number) {
var own = part * whole / (image.clientWidth || whole); /* in per cent of the image itself */
image.style.clipPath = number ? "inset(0 0 0 " + Math.min(own, 100) + "%)" : "inset(0 " + Math.max(100 - own, 0) + "% 0 0)";
});
}
function follow(event) {
var edges = stage.element.getBoundingClientRect();
slider.value = Math.min(Math.max(100 * (event.clientX - edges.left) / edges.width, 0), 100);
move();
}
slider.addEventListener("input", move);
slider.addEventListener("keydown", function (event) {
var step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
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
var stage = makeStage();
var tools = make("div", { "class": "tools" });
var pause = make("button", { type: "button" });
var turn = make("button", { type: "button" });
var name = make("b");
var shown = 1;
tools.appendChild(pause);
tools.appendChild(turn);
tools.appendChild(name);
panel.appendChild(tools);
panel.appendChild(stage.element);
pause.addEventListener("click", function () { run(!timer); });
turn.addEventListener("click", function () { run(false); show(1 - shown); });
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
/* Where no picture was made at build time: the browser subtracts; what is black is the same in both. */
function showBlend() {
var stage = makeStage();
stage.images[1].classList.add("blend");
panel.appendChild(make("p", { "class": "quiet small" }, "What is black is the same in " + sides[0].name + " and " + sides[1].name + "."));
panel.appendChild(stage.element);
}
})();
