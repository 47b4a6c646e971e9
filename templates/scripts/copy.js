/* Buttons that copy code and ids, and a link to itself at each heading. They stand where nothing else does. */
(function () {
  "use strict";
  const { make, copy } = window.reportgen;

  function copier(what, text) {
    return make("button", { type: "button", class: "copy", "aria-label": "Copy " + what, click: function (event) {
      copy(text(), event.currentTarget);
    } }, "Copy");
  }

  document.querySelectorAll("main pre").forEach(function (block) {
    const frame = make("div.copied");
    block.before(frame);
    frame.append(block, copier("code", function () { return block.textContent; }));
  });

  document.querySelectorAll(".facts .id").forEach(function (id) {
    const term = id.closest("div").querySelector("dt");
    term.append(copier(term.textContent.toLowerCase(), function () { return id.textContent; }));
  });

  document.querySelectorAll(".sec[id] > .head > h2, .prose :is(h2, h3, h4, h5, h6)[id]").forEach(function (heading) {
    const id = heading.id || heading.closest(".sec").id;
    const name = "Link to " + heading.textContent;
    heading.append(make("a", { class: "perma", href: "#" + encodeURIComponent(id), "aria-label": name }, "¶"));
  });
})();
