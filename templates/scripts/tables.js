/* Sorts tables by a click on a head; long ones get a filter, a choice of columns and a way to copy what is shown. */
(function () {
  "use strict";
  const kit = window.reportgen;
  const { make } = kit;
  const SORTED = "table.data:not(.diff), table.stack:not(.pipes), .prose table";
  const LEAST = 3; /* rows to sort */
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const SIZES = { "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, day: 86400, days: 86400,
    B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
  const NUMBER = /^([+-]?)(\d[\d,]*(?:\.\d+)?|\.\d+|∞|Infinity)(?:e([+-]?\d+)| × 10([⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(?=[\s%()]|$|(?:µs|ms|min|[kMGT]?B|[shkMGT])$)/i;
  const PART = /^\s*(µs|ms|min|days?|[kMGT]?B|[shkMGT])(?![a-zµ])/;
  const DATE = /^\d{1,2} [A-Z][a-z]{2} \d{4}\b/;
  const COMPARE = /(?:"([^"]+)"|([^\s<>=!"]+))?\s*(>=|<=|!=|>|<|=)\s*(?:"([^"]*)"|(\S+))/g;

  /* What a cell says, without second lines and words for screen readers. */
  function textOf(cell) {
    if (!cell.firstElementChild) return cell.textContent.trim();
    let text = "";
    cell.childNodes.forEach((node) => {
      if (node.nodeType === 3) text += node.data;
      else if (node.nodeType === 1 && !node.matches(".sub, .vh, .from, svg")) text += textOf(node);
    });
    return text.trim();
  }

  /* The number a text begins with, in its smallest unit; null when it is none, NaN for what stands for no value. */
  function numberOf(text) {
    if (/^(–|-|NaN|)$/.test(text)) return NaN;
    if (text.slice(0, 9) === "no change") return 0;
    let rest = text.replace(/^[↑↓→≈±~\s]+/, "").replace(/[−–]/g, "-");
    const found = NUMBER.exec(rest);
    if (!found) return null;
    const sign = found[1] === "-" ? -1 : 1;
    if (/[∞I]/i.test(found[2][0])) return sign * Infinity;
    const exponent = found[3] || (found[4] || "0").replace(/[⁺⁻⁰-⁹¹²³]/g, (c) => {
      return c === "⁻" ? "-" : c === "⁺" ? "" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c);
    });
    let value = parseFloat(found[2].replace(/,/g, "")) * 10 ** exponent;
    rest = rest.slice(found[0].length);
    const unit = PART.exec(rest);
    if (!unit) return sign * value;
    value *= SIZES[unit[1]];
    const next = /^\s*(\d+(?:\.\d+)?)\s*(s|min|h)(?![a-z])/.exec(rest.slice(unit[0].length));
    return sign * (next ? value + next[1] * SIZES[next[2]] : value);
  }

  function valueOf(cell) {
    const time = cell.querySelector("time[datetime]");
    let text = time ? time.dateTime : textOf(cell);
    return time || DATE.test(text) ? Date.parse(time ? text : text + " UTC") : numberOf(text);
  }

  function isMissing(value) {
    return value !== value || value === "" || value === "–";
  }

  function compare(a, b) {
    return typeof a === "number" ? a - b || 0 : order.compare(a, b);
  }

  class Table {
    constructor(table, name) {
      this.table = table;
      this.name = name;
      this.heads = Array.from(table.tHead.rows[0].cells);
      this.bodies = Array.from(table.tBodies);
      const width = this.heads.length;
      this.rows = [];
      this.extra = []; /* heads of groups, and rows that are no data */
      this.bodies.forEach((body) => {
        let group = "";
        Array.from(body.rows).forEach((row) => {
          if (row.cells.length === width) this.rows.push({ row, body, group });
          else {
            this.extra.push({ row, body });
            if (row.querySelector(".group")) group = textOf(row.cells[0]);
          }
        });
      });
      this.places = this.bodies.map((body) => Array.from(body.rows));
      this.columns = [];
      this.hidden = [];
      this.unit = " rows";
      this.query = "";
      this.column = -1;
      this.down = false;
    }

    /* The values of a column: numbers when all that are there are numbers, else texts. */
    valuesOf(column) {
      if (this.columns[column]) return this.columns[column];
      const cells = this.rows.map((one) => one.row.cells[column]);
      const values = cells.map(valueOf);
      const isNumber = values.indexOf(null) < 0 && values.some((value) => value === value);
      this.columns[column] = isNumber ? values : cells.map(textOf);
      return this.columns[column];
    }

    addHeads() {
      this.heads.forEach((head, column) => {
        if (!head.textContent.trim()) return;
        const button = make("button", { type: "button", class: "sort", click: () => this.turn(column) });
        button.append.apply(button, Array.from(head.childNodes));
        head.append(button);
      });
      const kept = /^(-?)(\d+)$/.exec(kit.read(this.name + ".sort"));
      if (kept && this.heads[kept[2] - 1]) this.sort(kept[2] - 1, kept[1] === "-");
    }

    /* First up, then down, then as it was. */
    turn(column) {
      if (this.column !== column) this.sort(column, false);
      else if (!this.down) this.sort(column, true);
      else this.sort(-1, false);
      this.keep();
    }

    keep() {
      kit.keep(this.name + ".sort", this.column < 0 ? "" : (this.down ? "-" : "") + (this.column + 1));
    }

    sort(column, down) {
      this.column = column;
      this.down = down;
      this.heads.forEach((head, index) => {
        if (index === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      if (this.select) this.select.value = (column + 1) * (down ? -1 : 1);
      if (column < 0) this.restore();
      else this.place(column, down ? -1 : 1);
      this.show();
    }

    place(column, sign) {
      const values = this.valuesOf(column);
      const all = this.rows.map((_, index) => index);
      all.sort((a, b) => {
        const missing = isMissing(values[a]) - isMissing(values[b]);
        return missing || (isMissing(values[a]) ? 0 : sign * compare(values[a], values[b])) || a - b;
      });
      const part = document.createDocumentFragment();
      all.forEach((index) => part.append(this.rows[index].row), this);
      this.bodies[0].append(part);
      this.rows.forEach((one) => { /* rows of all groups stand together: each says of which it is */
        if (one.group && !one.from) one.row.cells[0].append(one.from = make("span", { class: "sub from" }, one.group));
      });
    }

    restore() {
      this.rows.forEach((one) => {
        if (one.from) one.from.remove();
        one.from = null;
      });
      this.bodies.forEach((body, index) => body.append.apply(body, this.places[index]), this);
    }

    /* Reads what was typed: comparisons, of a column or of any number, and words that all have to be in a row. */
    test(text) {
      const checks = [];
      const names = this.heads.map((head) => textOf(head).toLowerCase());
      const words = text.replace(COMPARE, (whole, quoted, plain, sign, quotedValue, plainValue) => {
        const name = (quoted || plain || "").toLowerCase();
        let column = names.indexOf(name);
        if (name && column < 0) column = names.findIndex((one) => one.indexOf(name) === 0);
        const isWord = name && column < 0 && /^[^\s"]+\s/.test(whole); /* that stands before a comparison of any number */
        if (name && column < 0 && !isWord) return whole;
        checks.push(this.comparison(column, sign, quotedValue === undefined ? plainValue : quotedValue));
        return isWord ? " " + name + " " : " ";
      });
      words.toLowerCase().replace(/"/g, "").split(/\s+/).filter(Boolean).forEach((word) => {
        checks.push((index) => this.wordsOf(index).indexOf(word) >= 0);
      });
      return (index) => checks.every((check) => check(index));
    }

    comparison(column, sign, text) {
      const wanted = numberOf(text);
      const columns = (column < 0 ? this.heads.map((_, index) => index) : [column]).map(this.valuesOf, this);
      return (index) => {
        return columns.some((values) => {
          let value = values[index];
          const isNumber = typeof value === "number";
          if (isNumber ? wanted === null || wanted !== wanted : column < 0) return false;
          if (isMissing(value)) return sign === "!=";
          const difference = isNumber ? value - wanted || 0 : order.compare(value, text);
          return { ">": difference > 0, "<": difference < 0, ">=": difference >= 0, "<=": difference <= 0,
            "=": difference === 0, "!=": difference !== 0 }[sign];
        });
      };
    }

    wordsOf(index) {
      const one = this.rows[index];
      if (one.words === undefined) {
        one.words = Array.from(one.row.cells, (cell) => cell.textContent).concat(one.group).join("\n").toLowerCase();
      }
      return one.words;
    }

    /* Shows the rows that pass the filter, and the groups that have one. */
    show() {
      const passes = this.test(this.query);
      const alive = new Set();
      const flat = this.column >= 0;
      let n = 0;
      this.rows.forEach((one, index) => {
        const stays = !this.query.trim() || passes(index);
        one.row.hidden = !stays;
        n += stays;
        if (stays) alive.add(one.body);
      });
      this.extra.forEach((one) => { one.row.hidden = flat || (this.query.trim() && !alive.has(one.body)); });
      if (this.count) {
        const all = this.rows.length;
        this.count.textContent = n === all ? "" : n.toLocaleString("en") + " of " + all.toLocaleString("en") + this.unit;
      }
    }

    hide() {
      const hidden = this.hidden;
      this.rows.forEach((one) => {
        for (let at = 0; at < hidden.length; at++) if (hidden[at] !== one.row.cells[at].hidden) one.row.cells[at].hidden = hidden[at];
      });
      this.heads.forEach((head, at) => { head.hidden = hidden[at]; });
      this.tick();
    }

    /* The last column that is shown cannot be hidden. */
    tick() {
      const hidden = this.hidden;
      let n = hidden.filter((is) => !is).length;
      this.boxes.forEach((box, at) => {
        box.checked = !hidden[at];
        box.disabled = n === 1 && !hidden[at];
      });
    }

    addTools(bar) {
      const input = make("input", { type: "search", placeholder: "Filter: words, >0.9, name=a", "aria-label": "Filter rows by words or comparisons, such as >0.9 or column<5",
        autocomplete: "off", spellcheck: "false", input: () => {
          this.query = input.value;
          this.show();
          kit.keep(this.name + ".filter", input.value);
        } });
      this.count = make("output");
      this.query = input.value = kit.read(this.name + ".filter");
      bar.append(input, this.chooser());
      if (this.table.matches(".stack")) bar.append(this.orders());
      bar.append(this.count, make("span.ends", this.copier("TSV"), this.copier("Markdown")));
      this.show();
    }

    /* The same as the heads, for narrow windows, which show none. */
    orders() {
      this.select = make("select", { "aria-label": "Order of rows", change: () => {
        let value = Number(this.select.value);
        this.sort(Math.abs(value) - 1, value < 0);
        this.keep();
      } }, make("option", { value: 0 }, "As listed"));
      this.heads.forEach((head, at) => {
        const name = textOf(head);
        this.select.append(make("option", { value: at + 1 }, name + " ▴"), make("option", { value: -at - 1 }, name + " ▾"));
      });
      return this.select;
    }

    chooser() {
      const kept = kit.read(this.name + ".hide").split(",");
      this.hidden = this.heads.map((_, at) => kept.indexOf(String(at + 1)) >= 0);
      if (this.hidden.every(Boolean)) this.hidden[0] = false;
      this.boxes = this.heads.map((_, at) => {
        return make("input", { type: "checkbox", change: (event) => {
          this.hidden[at] = !event.target.checked;
          this.hide();
          kit.keep(this.name + ".hide", this.hidden.map((is, at) => is && at + 1).filter(Boolean).join());
        } });
      });
      const labels = this.heads.map((head, at) => make("label", {}, this.boxes[at], textOf(head) || "no name"), this);
      const menu = make("fieldset", {}, make("legend", { class: "vh" }, "Columns shown"));
      menu.append.apply(menu, labels);
      const details = make("details", { keydown: (event) => {
        if (event.key === "Escape" && details.open) { details.open = false; details.firstChild.focus(); }
      } }, make("summary", {}, "Columns"), menu);
      document.addEventListener("pointerdown", (event) => { if (!details.contains(event.target)) details.open = false; });
      if (this.hidden.some(Boolean)) this.hide(); else this.tick();
      return details;
    }

    /* Copies the rows and columns that are shown, in the order in which they are shown. */
    copier(form) {
      return make("button", { type: "button", "aria-label": "Copy the rows shown as " + form, click: (event) => {
        kit.copy(this.write(form), event.currentTarget);
      } }, "Copy " + form);
    }

    write(form) {
      const isList = form === "Markdown";
      const line = (cells) => {
        const texts = Array.from(cells).filter((cell) => !cell.hidden).map((cell) => {
          let text = textOf(cell).replace(/\s+/g, " ");
          return isList ? text.replace(/[\\|`*_<[\]]/g, "\\$&") : text.replace(/−(?=[\d.∞])/g, "-");
        });
        return isList ? "| " + texts.join(" | ") + " |" : texts.join("\t");
      }
      const shown = this.heads.filter((head) => !head.hidden);
      const rule = "|" + shown.map((head) => head.classList.contains("n") ? " --: |" : " --- |").join("");
      const all = new Set(this.rows.map((one) => one.row));
      const rows = Array.from(this.table.rows).filter((row) => all.has(row) && !row.hidden);
      return [line(shown)].concat(isList ? [rule] : [], rows.map((row) => line(row.cells))).join("\n") + "\n";
    }
  }

  const counts = {};
  document.querySelectorAll(SORTED).forEach((element) => {
    const heads = element.tHead && element.tHead.rows;
    if (!heads || heads.length !== 1 || element.closest(".peek") || element.querySelector("thead [colspan], tbody [rowspan]")) return;
    const section = (element.closest(".sec[id]") || {}).id || "table";
    const number = counts[section] = (counts[section] || 0) + 1;
    const table = new Table(element, section + (number > 1 ? number : ""));
    if (table.rows.length < LEAST) return;
    const frame = element.closest(".scroll") || element;
    const bar = frame.previousElementSibling;
    if (frame.nextElementSibling && frame.nextElementSibling.matches("[aria-label='Pages of rows']")) table.unit += " here";
    if (bar && bar.matches(".tools.rows")) table.addTools(bar);
    table.addHeads();
  });
})();
