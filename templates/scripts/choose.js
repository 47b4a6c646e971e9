/* Lets a reader choose runs of a list to compare; without it the link leads to the page where they are chosen. */
(function () {
  "use strict";
  const { make } = window.reportgen;
  const MOST = 8;
  const link = document.querySelector("a.choose");
  if (!link) return;

  /* Gives the boxes that are ticked, the oldest run first however the list is sorted. */
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
