/* Compares any two versions of a key, by the text of their lines or the cells of their rows. What a version holds its own
   page tells, which is opened in a frame for that. */
(function () {
  "use strict";
  const SECONDS = 20;
  const MOST_CELLS = 4e6; /* of the table in which lines are aligned */
  const MOST_SAME = 200; /* rows up to which unchanged ones are shown too */
  const AROUND = 1; /* unchanged lines shown on each side of a change */
  const { make, read, keep } = window.reportgen;
  const area = document.querySelector(".choose");
  if (!area) return;
  const older = (area.dataset.older || "").split(" ").filter(Boolean).flatMap(function (range) {
    const [first, last] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, place) => make("a", { href: "v" + (first + place) + ".html" }, "v" + (first + place)));
  });
  const listed = document.querySelectorAll("#versions tbody tr:not(.gone) > th > a");
  const links = older.concat(Array.from(listed).reverse());
  const held = new Map();
  if (links.length < 2) return;

  /* What a version holds */

  function load(link) {
    if (!held.has(link)) held.set(link, ask(link));
    return held.get(link);
  }

  function ask(link) {
    return new Promise(function (resolve, reject) {
      const frame = make("iframe", { hidden: "", title: link.textContent, src: link.href });
      const timer = setTimeout(() => end(reject), SECONDS * 1000);
      function end(settle, value) {
        clearTimeout(timer);
        window.removeEventListener("message", hear);
        frame.remove();
        settle(value);
      }
      function hear(event) {
        if (event.source !== frame.contentWindow) return;
        if (event.data === "reportgen-ready") event.source.postMessage("reportgen-asks", location.protocol === "file:" ? "*" : location.origin);
        else if (event.data && event.data.version) end(resolve, event.data.version);
      }
      window.addEventListener("message", hear);
      area.append(frame);
    });
  }

  /* Which parts of two lists are the same: pairs of places, -1 where there is none. The longest common part is found in
     what is left when both ends are alike. */
  function align(before, after) {
    let start = 0, end = 0;
    while (start < before.length && start < after.length && before[start] === after[start]) start++;
    while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
    const pairs = [];
    for (let place = 0; place < start; place++) pairs.push([place, place]);
    alignMiddle(before, after, start, before.length - end, after.length - end, pairs);
    for (let place = end; place > 0; place--) pairs.push([before.length - place, after.length - place]);
    return pairs;
  }

  function alignMiddle(before, after, start, stop, stopAfter, pairs) {
    const n = stop - start, m = stopAfter - start, width = m + 1;
    const isSmall = n * m <= MOST_CELLS;
    const lengths = isSmall ? new Uint16Array((n + 1) * width) : null;
    for (let i = n - 1; isSmall && i >= 0; i--) {
      for (let j = m - 1; j >= 0; j--) {
        lengths[i * width + j] = before[start + i] === after[start + j]
          ? lengths[(i + 1) * width + j + 1] + 1
          : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
      }
    }
    let i = 0, j = 0;
    while (i < n || j < m) {
      if (isSmall && i < n && j < m && before[start + i] === after[start + j]) pairs.push([start + i++, start + j++]);
      else if (i < n && (j >= m || !isSmall || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) pairs.push([start + i++, -1]);
      else pairs.push([-1, start + j++]);
    }
  }

  /* Texts */

  function compareLines(before, after) {
    const pairs = joinChanges(align(before, after));
    const body = make("tbody");
    const counts = { added: 0, removed: 0, changed: 0 };
    let same = [];
    function fold(isLast) {
      const first = body.childElementCount ? AROUND : 0, last = isLast ? 0 : AROUND;
      const hidden = same.length - first - last;
      same.forEach(function (line, place) {
        if (hidden < 2 || place < first || place >= same.length - last) body.append(lineRow("", "", [line]));
        else if (place === first) body.append(make("tr", null, make("td", { class: "m" }), make("td", { class: "folded" }, hidden + " lines unchanged")));
      });
      same = [];
    }
    pairs.forEach(function ([old, now]) {
      if (old >= 0 && now >= 0 && before[old] === after[now]) return same.push(after[now]);
      fold(false);
      const sign = old < 0 ? "+" : now < 0 ? "−" : "~";
      counts[{ "+": "added", "−": "removed", "~": "changed" }[sign]]++;
      body.append(lineRow(sign, { "+": "add", "−": "del" }[sign] || "", sign === "~" ? words(before[old], after[now]) : [old < 0 ? after[now] : before[old]]));
    });
    if (!counts.added && !counts.removed && !counts.changed) return { table: null, counts };
    fold(true);
    return { table: make("table", { class: "diff lines" }, make("caption", { class: "vh" }, "Lines that changed"), body), counts };
  }

  /* Lines that went beside lines that came are the same ones, changed, as far as they share words. */
  function joinChanges(pairs) {
    const joined = [];
    let gone = [], come = [];
    function flush() {
      while (gone.length && come.length) joined.push([gone.shift(), come.shift()]);
      gone.forEach((place) => joined.push([place, -1]));
      come.forEach((place) => joined.push([-1, place]));
      gone = [];
      come = [];
    }
    pairs.forEach(function ([old, now]) {
      if (old >= 0 && now >= 0) { flush(); joined.push([old, now]); }
      else if (now < 0) gone.push(old);
      else come.push(now);
    });
    flush();
    return joined;
  }

  function words(before, after) {
    const old = before.match(/\s+|[\p{L}\p{N}_]+|./gsu) || [], now = after.match(/\s+|[\p{L}\p{N}_]+|./gsu) || [];
    const pieces = [];
    align(old, now).forEach(function ([i, j]) {
      const tag = i < 0 ? "ins" : j < 0 ? "del" : "";
      const text = i < 0 ? now[j] : old[i];
      const last = pieces[pieces.length - 1];
      if (last && last.tag === tag) last.text += text;
      else pieces.push({ tag, text });
    });
    return pieces.map((piece) => piece.tag ? make(piece.tag, null, piece.text) : piece.text);
  }

  function lineRow(sign, tone, pieces) {
    return make("tr", { class: tone }, signCell(sign), make("td", { class: "src" }, ...pieces));
  }

  function signCell(sign) {
    const word = { "+": "added", "−": "removed", "~": "changed" }[sign];
    return make("td", { class: "m" }, sign, ...(word ? [make("span", { class: "vh" }, " " + word)] : []));
  }

  /* Tables */

  function compareTables(before, after) {
    const columns = after.columns.concat(before.columns.filter((name) => !after.columns.includes(name)));
    const key = columns.find((name) => isKey(before, name) && isKey(after, name));
    const names = (table) => table.rows.map((row) => key === undefined ? row.join("\u0000") : row[table.columns.indexOf(key)]);
    const pairs = key === undefined ? joinChanges(align(names(before), names(after))) : match(names(before), names(after));
    const counts = { added: 0, removed: 0, changed: 0 };
    const rows = pairs.map(([old, now]) => tableRow(columns, before, after, before.rows[old], after.rows[now], key, counts));
    const isLong = rows.length > MOST_SAME;
    const head = make("tr", null, make("th", { scope: "col" }, make("span", { class: "vh" }, "Change")), ...columns.map((name) => make("th", { scope: "col", class: isNumber(after, before, name) ? "n" : null }, name)));
    const body = make("tbody", null, ...rows.filter((row) => !isLong || row.dataset.sign).map((row) => row));
    const how = key === undefined ? "Rows are matched by all their cells" : "Rows are matched by " + key;
    const n_same = rows.length - counts.added - counts.removed - counts.changed;
    const rest = isLong && n_same ? "; " + n_same + " unchanged rows are left out" : "";
    const isSame = !counts.added && !counts.removed && !counts.changed && String(before.columns) === String(after.columns);
    return { table: isSame ? null : make("table", { class: "diff data" }, make("caption", null, how + rest), make("thead", null, head), body), counts };
  }

  function isKey(table, name) {
    const at = table.columns.indexOf(name);
    return at === 0 && table.rows.length > 0 && new Set(table.rows.map((row) => row[at])).size === table.rows.length;
  }

  function isNumber(after, before, name) {
    const table = after.columns.includes(name) ? after : before;
    return table.numbers[table.columns.indexOf(name)];
  }

  /* Pairs of rows by name: in the new order, those that went last. */
  function match(before, after) {
    const places = new Map(before.map((name, place) => [name, place]));
    const pairs = after.map((name, place) => [places.has(name) ? places.get(name) : -1, place]);
    const kept = new Set(after);
    before.forEach(function (name, place) { if (!kept.has(name)) pairs.push([place, -1]); });
    return pairs;
  }

  function tableRow(columns, before, after, old, now, key, counts) {
    let sign = !old ? "+" : !now ? "−" : "";
    const cells = columns.map(function (name) {
      const was = old && cell(before, old, name), is = now && cell(after, now, name);
      const number = isNumber(after, before, name) ? "n" : "";
      if (!old || !now || was === is || toNumber(was) === toNumber(is)) return make(name === key ? "th" : "td", { class: number || null, scope: name === key ? "row" : null }, now ? is : was);
      sign = "~";
      const change = number && delta(was, is);
      return make("td", { class: ("hit " + number).trim() }, make("del", null, was), " → ", make("ins", null, is), ...(change ? [" ", make("span", { class: "sub" }, change)] : []));
    });
    if (sign) counts[{ "+": "added", "−": "removed", "~": "changed" }[sign]]++;
    return make("tr", { class: { "+": "add", "−": "del" }[sign] || null, "data-sign": sign || null }, signCell(sign), ...cells);
  }

  function cell(table, row, name) {
    const at = table.columns.indexOf(name);
    return at < 0 ? "–" : row[at];
  }

  /* Reads a number as pages write it; what is none is not equal to anything. */
  function toNumber(text) {
    return /^[−-]?[\d,]*\.?\d+(e[−-]?\d+)?$/i.test(text) ? Number(text.replace(/,/g, "").replace(/−/g, "-")) : NaN;
  }

  function delta(was, is) {
    const digits = (text) => (text.split(".")[1] || "").length;
    const by = toNumber(is) - toNumber(was);
    if (!Number.isFinite(by)) return "";
    return (by < 0 ? "−" : "+") + Math.abs(by).toFixed(Math.min(Math.max(digits(was), digits(is)), 12));
  }

  /* The choice */

  const asked = read("versions").split(",");
  const selects = [links.length - 2, links.length - 1].map(function (chosen, number) {
    const select = make("select", { "aria-label": number ? "Newer version" : "Older version" }, ...links.map((link, place) => make("option", { value: place }, link.textContent)));
    const place = links.findIndex((link) => link.textContent === asked[number]);
    select.value = place < 0 ? chosen : place;
    select.addEventListener("change", function () { if (said.textContent) show(); });
    return select;
  });
  const button = make("button", { type: "button", click: show }, "Show what changed");
  const said = make("p", { role: "status", class: "small" });
  const shown = make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "What changed between two versions", hidden: "" });
  area.append(make("div", { class: "pick" }, "From", selects[0], "to", selects[1], button), said, shown);
  if (asked.length === 2 && asked.every((name) => links.some((link) => link.textContent === name))) show();

  function show() {
    const pair = selects.map((select) => links[select.value]);
    const names = pair.map((link) => link.textContent);
    keep("versions", names.join(","));
    said.textContent = "Opening " + names.join(" and ") + " …";
    Promise.all(pair.map(load)).then(function (contents) {
      if (pair.some((link, number) => links[selects[number].value] !== link)) return;
      draw(names, contents[0], contents[1]);
    }, function () {
      pair.forEach((link) => held.delete(link));
      shown.hidden = true;
      said.textContent = "The pages of " + names.join(" and ") + " do not answer. Open them side by side instead.";
    });
  }

  function draw(names, before, after) {
    const areTables = before.columns && after.columns;
    const found = areTables ? compareTables(before, after) : compareLines(before.lines || rowsOf(before), after.lines || rowsOf(after));
    const parts = Object.keys(found.counts).filter((word) => found.counts[word]).map((word) => found.counts[word] + " " + word);
    const notes = areTables && (before.isCut || after.isCut) ? " Only rows of the first page of each are compared." : "";
    said.textContent = (found.table ? "From " + names.join(" to ") + ": " + (parts.join(", ") || "other columns") + "." : names.join(" and ") + " are the same.") + notes;
    shown.hidden = !found.table;
    shown.replaceChildren(...(found.table ? [found.table] : []));
  }

  function rowsOf(table) {
    return [table.columns].concat(table.rows).map((row) => row.join(" | "));
  }
})();
