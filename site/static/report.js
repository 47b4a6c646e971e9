(function () {
"use strict";
var MOST = 8;
var link = document.querySelector("a.choose");
if (!link) return;
function chosen() {
return Array.from(document.querySelectorAll("input.choice:checked")).reverse();
}
function update(go, said) {
var files = chosen().map(function (box) { return box.value; });
said.textContent = files.length + (files.length === 1 ? " run chosen" : " runs chosen");
go.hidden = files.length < 2;
go.href = link.href + "?runs=" + files.map(encodeURIComponent).join(",");
document.querySelectorAll("input.choice:not(:checked)").forEach(function (box) { box.disabled = files.length >= MOST; });
}
link.addEventListener("click", function (event) {
if (event.ctrlKey || event.metaKey || event.shiftKey || document.querySelector(".choosing")) return;
event.preventDefault();
var bar = document.createElement("p");
var said = document.createElement("span");
var go = document.createElement("a");
bar.className = "choosing";
said.setAttribute("role", "status");
go.textContent = "Compare them";
bar.append(said, go);
document.querySelectorAll("table.stack th .st > a[href$='.html']").forEach(function (run) {
var box = document.createElement("input");
box.type = "checkbox";
box.className = "choice";
box.value = run.getAttribute("href").replace(/^.*\//, "").replace(/\.html$/, "");
box.setAttribute("aria-label", "Compare " + run.textContent);
box.addEventListener("change", function () { update(go, said); });
run.parentNode.prepend(box);
});
link.closest("section, main").append(bar);
update(go, said);
var first = document.querySelector("input.choice");
if (first) first.focus();
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
var key = "reportgen-theme";
var choices = document.querySelectorAll("input[name=theme]");
function read() {
try {
return localStorage.getItem(key);
} catch (denied) {
return null; /* storage is off under some policies: a choice then holds for its page */
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
