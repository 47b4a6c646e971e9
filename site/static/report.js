/* Shows the way through a graph: what leads to the box that is pointed at, and what follows from it. Which box an arrow
   joins is read from the drawing: it begins at the right side of one and ends at the left side of another. */
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

  /* Adds everything that can be reached from a box in one direction. */
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

/* Keeps the chosen colour scheme from page to page. Every page reads complete without it. */
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
