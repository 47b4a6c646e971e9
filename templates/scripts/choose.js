/* Lets a reader choose runs of a list to compare; without it the link leads to the page where they are chosen. */
(function () {
  "use strict";
  var MOST = 8;
  var link = document.querySelector("a.choose");
  if (!link) return;

  /* Gives the boxes that are ticked, the oldest run first: lists have the newest first. */
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
