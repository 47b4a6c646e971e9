/* Tells the page of a key what this version of it holds. Scripts may not read other files of a disk, but a page in a frame
   may answer one of the same site. */
(function () {
  "use strict";
  if (window.parent === window) return;
  const isFile = location.protocol === "file:";
  const held = take(document.querySelector("#content .body"));

  function take(content) {
    const table = content && content.querySelector("table.data");
    const prose = content && content.querySelector(".prose");
    if (table) return takeTable(table, content);
    if (prose) return { lines: takeLines(prose) };
    return { lines: content ? takeParts(content) : [] };
  }

  function takeTable(table, content) {
    const text = (cell) => cell.textContent.trim();
    return {
      columns: Array.from(table.tHead.rows[0].cells, text),
      numbers: Array.from(table.tHead.rows[0].cells, (cell) => cell.classList.contains("n")),
      rows: Array.from(table.tBodies[0].rows, (row) => Array.from(row.cells, text)),
      isCut: Boolean(document.querySelector("#content a[href*='.rows.']"))
    };
  }

  /* The text of each block, of code each line. */
  function takeLines(prose) {
    const blocks = "h1, h2, h3, h4, h5, h6, p, li, dt, dd, tr, pre, summary, figcaption";
    const lines = [];
    prose.querySelectorAll(blocks).forEach(function (block) {
      if (block.querySelector(blocks) && block.localName !== "li") return;
      if (block.localName === "pre") lines.push(...block.textContent.replace(/\n$/, "").split("\n"));
      else if (block.localName === "tr") lines.push(Array.from(block.cells, (cell) => cell.textContent.trim()).join(" | "));
      else lines.push(own(block, blocks));
    });
    return lines.filter((line) => line.trim());
  }

  /* The text of a block without that of blocks inside it, which stand for themselves. */
  function own(block, blocks) {
    const copy = block.cloneNode(true);
    copy.querySelectorAll(blocks).forEach((inner) => inner.remove());
    return copy.textContent.trim().replace(/\s+/g, " ");
  }

  function takeParts(content) {
    const lines = Array.from(content.querySelectorAll(":scope > p"), (part) => part.textContent.trim());
    const link = content.querySelector(":scope > .lede a[href]");
    return link ? [link.textContent, link.getAttribute("href")] : lines;
  }

  function say(message) {
    window.parent.postMessage(message, isFile ? "*" : location.origin);
  }

  window.addEventListener("message", function (event) {
    const isOurs = event.source === window.parent && event.origin === (isFile ? "null" : location.origin);
    if (isOurs && event.data === "reportgen-asks") say({ version: held });
  });
  say("reportgen-ready");
})();
