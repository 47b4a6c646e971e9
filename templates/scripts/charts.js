/* Reads values from charts by pointer and keys; zooms, smooths, takes series away, and draws y linear or logarithmic.

   Values are read back from the lines as they were drawn, in the digits that the drawing holds. A view that differs from
   the drawn one is a layer of its own, and the drawn chart comes back as it was. Charts of one section share their view. */
(function () {
  "use strict";
  const kit = window.reportgen;
  const { make, niceTicks, logTicks, formatTick, alignDecimals, NBSP } = kit;
  const SCALES = [["", "auto"], ["linear", "linear"], ["log", "log"]];
  const WAYS = ["x", "index", "time"];
  const UNITS = [[86400 * 2, 86400, "d"], [3600 * 2, 3600, "h"], [120, 60, "min"], [0, 1, "s"]];

  function round(value, step) { return Number((Math.round(value / step) * step).toPrecision(12)); }

  function percent(share) { return (100 * share).toFixed(2) + "%"; }

  /* Numbers */

  /* Rounds to what the drawing tells apart, and writes as the site does. */
  function write(value, resolution) {
    const size = Math.abs(value);
    if (!(size < 1e15) || (size && size < 1e-4)) return minus(value.toExponential(2));
    let digits = resolution > 0 ? Math.floor(-Math.log10(resolution) + 1e-9) : 6;
    if (digits < 0) value = Math.round(value * 10 ** digits) / 10 ** digits;
    digits = Math.min(12, Math.max(0, digits));
    return minus(value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits }));
  }

  function minus(text) { return text.replace(/-/g, "−"); }

  /* Writes a round number. */
  function short(value) {
    const size = Math.abs(value);
    return size && (size < 1e-4 || size >= 1e15) ? minus(value.toExponential()) : minus(Number(value.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 9 }));
  }

  function duration(seconds) {
    const s = Math.abs(seconds);
    if (s < 1) return write(seconds * 1000, 1) + " ms";
    if (s < 60) return write(seconds, 0.1) + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + Math.round(s % 60) + " s";
    return Math.floor(s / 3600) + " h " + Math.round(s % 3600 / 60) + " min";
  }

  /* An axis: its ends, and the way from values to shares and back. */
  function Axis(low, high, log, inset) {
    const a = log ? Math.log10(low) : low, b = log ? Math.log10(high) : high;
    this.low = low; this.high = high; this.log = log;
    this.share = (value) => {
      if (log) value = value > 0 ? Math.log10(value) : -1e9;
      return b > a ? inset + (1 - 2 * inset) * (value - a) / (b - a) : 0.5;
    };
    this.value = (share) => {
      let at = b > a ? a + (share - inset) / (1 - 2 * inset) * (b - a) : a;
      return log ? 10 ** at : at;
    };
  }

  function within(axis, ticks) { return ticks.filter((tick) => tick >= axis.low && tick <= axis.high); }

  function xAxis(low, high, kind) {
    return new Axis(low, high, false, kind === "category" && high > low ? 0.4 / (high - low + 0.8) : 0);
  }

  /* Charts */

  class Chart {
    constructor(plot, group, number) {
      const x = plot.dataset.x.split(" "), y = plot.dataset.y.split(" ");
      this.plot = plot;
      this.group = group;
      this.height = Number(plot.getAttribute("height"));
      this.kind = x[2] || "number";
      this.zoomName = this.kind === "number" ? "x" : "x" + number; /* places in lists of runs differ from chart to chart */
      this.fullX = xAxis(Number(x[0]), Number(x[1]), this.kind);
      this.drawnY = new Axis(Number(y[0]), Number(y[1]), y[2] === "log", 0);
      this.stepX = this.kind === "category" ? 1 : Math.pow(10, Math.ceil(Math.log10((this.fullX.high - this.fullX.low) / 1000 || 1) - 1e-9));
      const title = plot.querySelector("title"); /* a browser's own tip would cover the values */
      this.title = title.textContent;
      title.replaceWith(make("svg:desc", { id: title.id }, this.title));
      this.at = -1;
      this.way = "";
      this.addReader();
    }

    /* What the drawing holds, read when it is first asked for. */
    read() {
      if (this.lines) return this;
      const names = this.group.names;
      this.parts = [...this.plot.children].filter((one) => !/^(title|desc)$/.test(one.tagName));
      this.lines = Array.from(this.plot.querySelectorAll("svg[preserveAspectRatio] > .ln"), (path) => {
        const look = path.getAttribute("class");
        return { look, ways: readWays(path), slot: /s\d/.exec(look)[0], name: path.dataset.run || path.dataset.name || names[look] || "", label: path.dataset.name,
          pieces: path.getAttribute("d").replace(/h0/g, "").split("M").slice(1).map((piece) => this.points(piece)) };
      });
      this.lines.forEach((line) => { line.drawn = line.pieces; });
      this.marks = this.parts.map((part) => this.mark(part)).filter(Boolean);
      this.marks.forEach((mark) => { /* a series of few points has no line */
        let line = this.lines.find((one) => one.slot === mark.slot);
        if (!line) this.lines.push(line = { look: "ln " + mark.slot, slot: mark.slot, name: "", pieces: [[]], bare: true });
        if (line.bare && !mark.odd) line.pieces[0].push([mark.x, mark.y]);
      });
      if (this.lines.every((line) => line.pieces.flat().every((point) => Number.isInteger(point[0])))) this.stepX = Math.max(1, this.stepX);
      const labels = Array.from(this.plot.querySelectorAll(":scope > text.e:not(.lab), :scope > text.lab[x='0']"), (text) => text.textContent);
      this.unit = labels.some((text) => /%$/.test(text)) ? "%" : labels.some((text) => /\d\s(ms|s|min|h)\b/.test(text)) ? "s" : "";
      this.ticks = this.parts.filter((part) => part.tagName === "text" && part.getAttribute("y") === String(this.height + 18));
      return this;
    }

    /* Takes another x for all points: their number, or the time since their run began. */
    take(way) {
      const isDrawn = !way || !this.plot.querySelector("[data-ways]");
      if (isDrawn && !this.way) return;
      const { lines } = this.read(), at = WAYS.indexOf(way);
      this.drawnX = this.drawnX || { fullX: this.fullX, stepX: this.stepX };
      this.way = isDrawn ? "" : way;
      const go = (line, x) => isDrawn || !line || !line.ways || line.ways[0].length <= at ? x : along(line.ways, x, at);
      lines.forEach((line) => { line.pieces = line.drawn.map((piece) => piece.map((point) => [go(line, point[0]), point[1]])); });
      this.marks.forEach((mark) => {
        if (mark.drawn === undefined) mark.drawn = mark.x;
        mark.x = go(lines.find((line) => line.slot === mark.slot), mark.drawn);
      });
      if (isDrawn) return void Object.assign(this, this.drawnX);
      const all = lines.flatMap((line) => line.pieces.flat().map((point) => point[0]));
      this.fullX = xAxis(Math.min(...all), Math.max(...all), "number");
      this.stepX = way === "index" ? 1 : (this.fullX.high - this.fullX.low) / 1000 || 1;
    }

    valueX(share) {
      return round(this.fullX.value(share), this.stepX);
    }

    points(text) {
      const numbers = text.trim().split(/\s+/), points = [];
      for (let at = 0; at + 1 < numbers.length; at += 2) {
        points.push([this.valueX(numbers[at] / 1000), this.drawnY.value(1 - numbers[at + 1] / this.height)]);
      }
      return points;
    }

    /* A mark of a point: where it stands and what its tip says; NaN and infinities stand on the frame. */
    mark(part) {
      const isBox = /^(a|g)$/.test(part.tagName) && !part.hasAttribute("transform");
      const shape = isBox ? part.querySelector("circle, rect, svg") : part;
      const slot = shape && /\bs\d\b/.exec(shape.getAttribute("class") || "");
      if (!slot || !/^(circle|rect|svg)$/.test(shape.tagName)) return null;
      const x = parseFloat(shape.getAttribute("cx") || shape.getAttribute("x")) / 100;
      const y = parseFloat(shape.getAttribute("cy") || shape.getAttribute("y")) + (shape.tagName === "rect" ? parseFloat(shape.getAttribute("height")) / 2 : 0);
      const path = shape.querySelector("path"), title = isBox && part.querySelector("title");
      if (title) {
        part.setAttribute("aria-label", title.textContent);
        if (part.tagName === "g") part.setAttribute("role", "img");
        title.remove();
      }
      return { part, slot: slot[0], x: this.valueX(x), y: this.drawnY.value(1 - y / this.height), tip: title ? title.textContent : "",
        odd: shape.tagName === "circle" && shape.classList.contains("open") || Boolean(path && /^M0[ -]\.5/.test(path.getAttribute("d"))) };
    }

    /* The stretch of x to show: charts that keep their x while others take time are not zoomed with those. */
    zoom() {
      const view = this.group.view;
      return this.kind !== "number" || view.way === (this.way || "") ? view[this.zoomName] : null;
    }

    x() {
      const zoom = this.zoom();
      const low = zoom && Math.max(zoom[0], this.fullX.low), high = zoom && Math.min(zoom[1], this.fullX.high);
      return low < high ? new Axis(low, high, false, 0) : this.fullX;
    }

    shownLines() {
      const off = this.group.view.off;
      return this.read().lines.filter((line) => off.indexOf(line.look) < 0);
    }

    draw() {
      const view = this.group.view;
      this.take(view.way);
      const isDrawn = !this.way && !this.zoom() && !view.smooth && !view.off.length && (!view.scale || (view.scale === "log") === this.drawnY.log);
      if (this.layer) this.layer.remove();
      this.layer = null;
      this.y = this.drawnY;
      if (isDrawn && !this.lines) return;
      this.read().parts.forEach((part) => { if (isDrawn) part.removeAttribute("hidden"); else part.setAttribute("hidden", ""); });
      if (!isDrawn) this.plot.append(this.layer = this.makeLayer());
      if (this.at >= 0) this.hide();
    }

    makeLayer() {
      const view = this.group.view, x = this.x(), height = this.height, layer = make("svg:g", {});
      const lines = this.shownLines();
      lines.forEach((line) => { line.calm = view.smooth && !line.bare ? smooth(line.pieces, view.smooth) : line.pieces; });
      const seen = lines.flatMap((line) => line.pieces.flat().concat(line.calm.flat())).filter((point) => {
        return point[0] >= x.low && point[0] <= x.high;
      }).map((point) => point[1]);
      const y = this.y = this.fit(seen);
      const box = make("svg:svg", { width: "100%", height, viewBox: "0 0 1000 " + height, preserveAspectRatio: "none" });
      box.style.overflow = "hidden";
      const place = (point) => { return (1000 * x.share(point[0])).toFixed(1) + " " + Math.max(-1e4, Math.min(1e4, height * (1 - y.share(point[1])))).toFixed(2); }
      const path = (pieces) => { return pieces.map((piece) => piece.length ? "M" + piece.map(place).join(" ") + (piece.length > 1 ? "" : "h0") : "").join(""); }
      this.drawAxes(layer, x, y, seen.length);
      if (!this.way && view.off.every((look) => !/s1\b/.test(look))) this.plot.querySelectorAll(".band").forEach((band) => {
        box.append(make("svg:path", { class: "band", d: path([this.points(band.getAttribute("d").slice(1, -1))]) + "z" }));
      });
      lines.forEach((line) => {
        if (line.bare) return;
        if (view.smooth) box.append(make("svg:path", { class: line.look.replace(/ (thin|fat)/, "") + " faint", d: path(line.pieces) }));
        if (!view.smooth || !/thin/.test(line.look)) box.append(make("svg:path", { class: line.look, d: path(line.calm) }));
      });
      layer.append(box);
      this.drawMarks(layer, x, y, lines);
      return layer;
    }

    /* The y axis for values: as drawn while nothing that decides on it has changed. */
    fit(values) {
      const view = this.group.view;
      let low = Math.min.apply(null, values), high = Math.max.apply(null, values);
      let log = view.scale ? view.scale === "log" : this.drawnY.log;
      const floor = this.drawnY.log ? 0 : (this.drawnY.high - this.drawnY.low) * 1e-4;
      if (log && !(low > floor)) log = false;
      if (!values.length || (log === this.drawnY.log && !this.zoom() && !view.off.length)) return this.drawnY;
      if (log) {
        const space = Math.log10(high / low) * 0.04 || 0.5;
        return new Axis(low / 10 ** space, high * 10 ** space, true, 0);
      }
      const margin = (high - low) * 0.06 || Math.abs(high) / 2 || 1;
      return new Axis(low >= 0 && low < margin ? 0 : low - margin, high + margin, false, 0);
    }

    drawAxes(layer, x, y, hasValues) {
      const height = this.height, factor = this.unit === "%" ? 100 : 1;
      const ticks = !hasValues ? [] : y.log ? logTicks(y.low, y.high) : within(y, niceTicks(y.low, y.high, Math.max(2, Math.min(5, Math.floor(height / 40)))));
      const plain = ticks.map((tick) => this.unit === "s" ? duration(tick) : formatTick(tick * factor) + (this.unit && NBSP + this.unit));
      const labels = y.log ? plain : alignDecimals(plain);
      const inside = labels.some((label) => label.length > 6);
      ticks.forEach((tick, at) => {
        let place = height * (1 - y.share(tick));
        layer.append(make("svg:line", { class: "grid", x1: 0, x2: "100%", y1: place, y2: place }));
        layer.append(make("svg:text", inside ? { class: "lab", x: 0, y: place - 4 } : { class: "e", x: -8, y: place + 4 }, labels[at]));
      });
      layer.append(make("svg:line", { class: "axis", x1: 0, x2: "100%", y1: height, y2: height }));
      this.xTicks(x).forEach((tick) => {
        let share = x.share(tick[0]);
        const look = tick[1].length <= 2 || (share > 0.06 && share < 0.94) ? "c" : share > 0.5 ? "e" : "";
        layer.append(make("svg:line", { class: "axis", x1: percent(share), x2: percent(share), y1: height, y2: height + 4 }),
          make("svg:text", { class: (look + tick[2]).trim(), x: percent(share), y: height + 18 }, tick[1]));
      });
    }

    xTicks(x) {
      if (this.way === "time") {
        const [, seconds, name] = UNITS.find((unit) => x.high - x.low >= unit[0]);
        const ticks = niceTicks(x.low / seconds, x.high / seconds, 5).map((tick) => tick * seconds).filter((tick) => tick >= x.low && tick <= x.high);
        const labels = alignDecimals(ticks.map((tick) => formatTick(tick / seconds)));
        return ticks.map((tick, at) => [tick, labels[at] + NBSP + name, at % 2 ? " x2" : ""]);
      }
      if (this.way || (this.kind === "number" && x !== this.fullX)) {
        const ticks = within(x, niceTicks(x.low, x.high, 5)), labels = alignDecimals(ticks.map(formatTick));
        return ticks.map((tick, at) => [tick, labels[at], at % 2 ? " x2" : ""]);
      }
      return this.ticks.map((text) => {
        return [this.fullX.value(parseFloat(text.getAttribute("x")) / 100), text.textContent, text.classList.contains("x2") ? " x2" : ""];
      }).filter((tick) => x.share(tick[0]) > -1e-6 && x.share(tick[0]) < 1 + 1e-6);
    }

    drawMarks(layer, x, y, lines) {
      const view = this.group.view, height = this.height, taken = [];
      this.marks.forEach((mark) => {
        const isShown = lines.some((line) => line.slot === mark.slot) && mark.x >= x.low && mark.x <= x.high;
        if (!isShown || (view.smooth && !mark.tip && !mark.odd)) return;
        const copy = mark.part.cloneNode(true);
        const shape = /^(a|g)$/.test(copy.tagName) ? copy.querySelector("circle, rect, svg") : copy;
        const isRound = shape.tagName === "circle";
        shape.setAttribute(isRound ? "cx" : "x", percent(x.share(mark.x)));
        const half = shape.tagName === "rect" ? parseFloat(shape.getAttribute("height")) / 2 : 0;
        if (!mark.odd) shape.setAttribute(isRound ? "cy" : "y", height * (1 - y.share(mark.y)) - half);
        copy.removeAttribute("hidden");
        layer.append(copy);
      });
      lines.filter((line) => line.label).forEach((line) => {
        const points = line.pieces.flat().filter((point) => point[0] <= x.high && point[0] >= x.low);
        if (!points.length) return;
        let end = points[points.length - 1], place = Math.max(10, height * (1 - y.share(end[1])) - 8);
        while (taken.some((other) => Math.abs(other - place) < 14)) place += 14;
        taken.push(place);
        layer.append(make("svg:text", { class: "lab e", x: percent(x.share(end[0])), y: place }, line.name));
      });
    }

    /* A slider over the frame: arrow keys go from point to point, and screen readers say the values. */
    addReader() {
      this.readout = make("div", { class: "readout", "aria-hidden": "true", hidden: "" });
      this.drag = make("div", { class: "drag", hidden: "" });
      this.reader = make("div", { class: "reader", tabindex: "0", role: "slider", "aria-label": "Values of " + this.title,
        "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": 0, "aria-valuetext": "Arrow keys read values, plus and minus zoom",
        keydown: (event) => this.press(event), focus: () => { this.group.active = this; },
        blur: () => this.group.each("hide") }, this.drag, this.readout);
      this.reader.style.height = this.height + "px";
      this.plot.after(this.reader);
      this.listen();
    }

    listen() {
      let start = null, dragged = false;
      const on = (name, act, isFirst) => this.plot.addEventListener(name, act, isFirst);
      const share = (event) => {
        const frame = this.reader.getBoundingClientRect();
        return Math.max(0, Math.min(1, (event.clientX - frame.left) / frame.width));
      }
      const stop = () => { start = null; this.drag.hidden = true; }
      on("pointermove", (event) => {
        this.group.active = this;
        if (start === null) return this.group.point(this, this.x().value(share(event)));
        const now = share(event);
        if (Math.abs(now - start) * this.reader.clientWidth > 5 && !dragged) {
          dragged = true;
          this.plot.setPointerCapture(event.pointerId);
        }
        this.drag.hidden = !dragged;
        this.drag.style.left = percent(Math.min(start, now));
        this.drag.style.width = percent(Math.abs(now - start));
      });
      on("pointerdown", (event) => {
        dragged = false;
        this.group.active = this;
        if (event.pointerType !== "touch" && event.button === 0) start = share(event);
        this.group.point(this, this.x().value(share(event)));
      });
      on("pointerup", (event) => {
        if (start !== null && dragged) this.zoomTo(this.x().value(Math.min(start, share(event))), this.x().value(Math.max(start, share(event))));
        stop();
      });
      on("pointerenter", () => this.read());
      on("pointercancel", stop);
      on("pointerleave", () => { if (document.activeElement !== this.reader) this.group.each("hide"); });
      on("dblclick", () => this.group.reset());
      on("dragstart", (event) => event.preventDefault());
      on("click", (event) => { if (dragged) event.preventDefault(); dragged = false; }, true);
    }

    /* All x of the shown lines, without those in the background. */
    stops() {
      const x = this.x(), lines = this.shownLines(), front = lines.filter((line) => !/thin/.test(line.look));
      const all = new Set();
      (front.length ? front : lines).forEach((line) => {
        line.pieces.forEach((piece) => piece.forEach((point) => { if (point[0] >= x.low && point[0] <= x.high) all.add(point[0]); }));
      });
      this.marks.forEach((mark) => { if (mark.odd && mark.x >= x.low && mark.x <= x.high) all.add(mark.x); });
      return Array.from(all).sort((a, b) => a - b);
    }

    press(event) {
      let stops = this.stops(), at = stops.indexOf(this.here), far = Math.max(1, Math.round(stops.length / 10));
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: far, PageDown: -far }[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") this.group.reset();
      else if (event.key === "+" || event.key === "=") this.group.zoomBy(0.5);
      else if (event.key === "-") this.group.zoomBy(2);
      else if (step || event.key === "Home" || event.key === "End") {
        const last = stops.length - 1;
        at = event.key === "Home" ? 0 : event.key === "End" ? last : at < 0 ? (step > 0 ? 0 : last) : Math.max(0, Math.min(last, at + step));
        if (last >= 0) this.group.point(this, stops[at]);
      } else return;
      event.preventDefault();
    }

    /* Shows the values at the point nearest to an x, or at this very x where the lines reach it. */
    show(wanted, isFixed) {
      const stops = this.stops(), view = this.group.view;
      if (!stops.length) return this.hide();
      const isInside = wanted >= stops[0] && wanted <= stops[stops.length - 1];
      const near = isFixed && isInside ? wanted : stops.reduce((best, x) => Math.abs(x - wanted) < Math.abs(best - wanted) ? x : best, stops[0]);
      let share = this.x().share(near), rows = [], head = "";
      if (this.cross) this.cross.remove();
      this.cross = make("svg:g", { class: "cross" }, make("svg:line", { class: "rule", x1: percent(share), x2: percent(share), y1: 0, y2: this.height }));
      this.shownLines().forEach((line) => {
        if (/thin/.test(line.look)) return;
        const marks = this.marks.filter((mark) => mark.slot === line.slot && mark.x === near);
        const tip = marks.length && marks[0].tip, cut = tip ? tip.lastIndexOf(": ") : -1;
        let found = valueAt(line.pieces, near);
        if (found && !found.exact && this.kind === "category") found = null; /* runs in between are others */
        if (cut > 0 && !head) head = tip.slice(0, cut);
        if (!found && !marks.length) return;
        let text = cut > 0 ? tip.slice(cut + 2) : found ? (found.exact ? "" : "≈ ") + this.write(found.y) : tip || "not finite";
        if (found && view.smooth && !line.bare) {
          found = valueAt(line.calm, near);
          text = this.write(found.y) + " (" + text + ")";
        }
        rows.unshift({ line, text });
        if (found) this.cross.append(make("svg:circle", { class: "pt " + line.slot, cx: percent(share), cy: this.height * (1 - this.y.share(found.y)), r: 4 }));
      });
      this.plot.append(this.cross);
      this.tell((head || this.nameX(near)) + (view.smooth ? ", smoothed (recorded)" : ""), rows, share, stops.indexOf(near), stops.length);
      this.here = near;
      this.at = stops.indexOf(near);
    }

    tell(head, rows, share, at, n) {
      const readout = this.readout;
      readout.replaceChildren(make("b", {}, head));
      rows.forEach((row) => {
        const sample = make("svg:svg", { viewBox: "0 0 28 12" }, make("svg:path", { class: row.line.look, d: "M0 6H28" }));
        readout.append(make("div", {}, sample, row.line.name ? row.line.name + " " : "", make("span", {}, row.text)));
      });
      readout.hidden = false;
      readout.style.left = percent(share);
      readout.style.transform = "translateX(-" + percent(share) + ")";
      this.reader.setAttribute("aria-valuemax", Math.max(1, n - 1));
      this.reader.setAttribute("aria-valuenow", at);
      this.reader.setAttribute("aria-valuetext", head + ": " + rows.map((row) => (row.line.name ? row.line.name + " " : "") + row.text).join("; "));
    }

    hide() {
      if (this.cross) this.cross.remove();
      this.readout.hidden = true;
      this.cross = null;
      this.here = null;
      this.at = -1;
    }

    write(value) {
      if (this.unit === "s") return duration(value);
      const factor = this.unit === "%" ? 100 : 1;
      const part = 0.01 / this.height;
      const axis = this.drawnY;
      const resolution = axis.log ? Math.abs(value) * Math.log(axis.high / axis.low) * part : (axis.high - axis.low) * part;
      return write(value * factor, resolution * factor) + (factor > 1 ? " %" : "");
    }

    nameX(x) {
      if (this.kind === "category") return "no. " + (x + 1) + " of " + (this.fullX.high + 1);
      return this.way === "time" ? duration(x) : (this.way ? "point " : "x ") + short(x);
    }

    zoomTo(low, high) {
      const full = this.read().fullX;
      low = Math.max(full.low, round(low, this.stepX));
      high = Math.min(full.high, round(high, this.stepX));
      if (high - low < this.stepX) return;
      this.group.view[this.zoomName] = low <= full.low && high >= full.high ? null : [low, high];
      this.group.changed();
    }
  }

  /* What is known of other x of a line: places as [x, index, seconds]. */
  function readWays(path) {
    return path.dataset.ways && path.dataset.ways.split(" ").map((place) => place.split(",").map(Number));
  }

  /* Goes from x to another x, evenly between the places that are known. */
  function along(ways, x, to) {
    let at = 1;
    while (at < ways.length - 1 && ways[at][0] < x) at++;
    const one = ways[at - 1], other = ways[at];
    const value = one[to] + (x - one[0]) / (other[0] - one[0]) * (other[to] - one[to]);
    return to === 1 ? Math.round(value) : value;
  }

  /* An exponential moving average that knows how far apart points are, without the pull of its start. */
  function smooth(pieces, amount) {
    const gaps = pieces.flatMap((piece) => {
      return piece.slice(1).map((point, at) => Math.abs(point[0] - piece[at][0]));
    }).sort((a, b) => a - b);
    const usual = gaps[Math.floor(gaps.length / 2)] || 1;
    return pieces.map((piece) => {
      let sum = 0, weight = 0;
      return piece.map((point, at) => {
        const kept = at ? Math.pow(amount, Math.min(100, Math.abs(point[0] - piece[at - 1][0]) / usual)) : 0;
        sum = sum * kept + (1 - amount) * point[1];
        weight = weight * kept + (1 - amount);
        return [point[0], sum / weight];
      });
    });
  }

  /* What a line has at an x: the point there, or the place on the line between two. */
  function valueAt(pieces, x) {
    for (let n = 0; n < pieces.length; n++) {
      const piece = pieces[n];
      for (let at = 0; at < piece.length; at++) {
        if (piece[at][0] === x) return { y: piece[at][1], exact: true };
        if (at && piece[at - 1][0] < x && x < piece[at][0]) {
          let share = (x - piece[at - 1][0]) / (piece[at][0] - piece[at - 1][0]);
          return { y: piece[at - 1][1] + share * (piece[at][1] - piece[at - 1][1]), exact: false };
        }
      }
    }
    return null;
  }

  /* Charts of one section, with one bar of controls */

  class Group {
    constructor(bar, plots, id) {
      this.id = id;
      this.bar = bar;
      this.names = {};
      this.view = { off: [], smooth: 0, scale: "", way: "" };
      const samples = Array.from(bar.parentNode.querySelectorAll(".legend li"));
      samples.forEach((item) => { let path = item.querySelector(".ln"); if (path) this.names[path.getAttribute("class")] = item.textContent; });
      this.charts = plots.map((plot, at) => new Chart(plot, this, at + 1));
      this.active = this.charts[0];
      this.toggles = [];
      this.addControls();
      samples.forEach((item) => this.addToggle(item));
      this.addNames();
      this.recall();
    }

    each(method, value) {
      this.charts.forEach((chart) => chart[method](value));
    }

    /* Charts over the same kind of number are read at the same place. */
    point(source, x) {
      source.show(x);
      if (source.kind === "number" && source.here !== null) this.charts.forEach((chart) => {
        if (chart !== source && chart.kind === "number" && chart.way === source.way) chart.show(source.here, true);
      });
    }

    addControls() {
      this.range = make("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: 0, input: () => {
        this.view.smooth = Number(this.range.value);
        this.changed();
      } });
      this.select = make("select", { "aria-label": "Scale of y", change: () => { this.view.scale = this.select.value; this.changed(); } });
      SCALES.forEach((scale) => this.select.append(make("option", { value: scale[0] }, scale[1])));
      const button = (text, name, act) => { return make("button", { type: "button", "aria-label": name, click: act }, text); }
      const ways = new Set(this.charts.flatMap((chart) => Array.from(chart.plot.querySelectorAll("[data-ways]"), (path) => readWays(path)[0].length)));
      this.ways = make("select", { "aria-label": "What x is", change: () => {
        this.view.way = this.ways.value;
        this.charts.forEach((chart) => { this.view[chart.zoomName] = null; });
        this.changed();
      } }, ...WAYS.slice(0, Math.max(0, ...ways)).map((name, at) => make("option", { value: at ? name : "" }, at ? name : "as drawn")));
      this.back = button("Reset", "Reset the view of the charts", () => this.reset());
      this.told = make("output", { class: "told" });
      this.bar.append(make("label", {}, "Smooth ", this.range), make("label", {}, make("span", { "aria-hidden": "true" }, "Scale"), this.select),
        ...(ways.size ? [make("label", {}, make("span", { "aria-hidden": "true" }, "By"), this.ways)] : []), button("+", "Zoom in", () => this.zoomBy(0.5)), button("−", "Zoom out", () => this.zoomBy(2)), this.told, this.back);
    }

    addToggle(item) {
      let path = item.querySelector(".ln");
      if (!path) return;
      const look = path.getAttribute("class");
      let button = make("button", { type: "button", "aria-pressed": "true", click: () => {
        let off = this.view.off, at = off.indexOf(look);
        if (at < 0) off.push(look); else off.splice(at, 1);
        this.changed();
      } });
      button.append.apply(button, Array.from(item.childNodes));
      item.append(button);
      this.toggles.push({ look, button });
    }

    /* Lines that are named at their end have no legend: their switches stand in the bar. */
    addNames() {
      let names = {}, clash = false;
      this.charts.forEach((chart) => {
        chart.plot.querySelectorAll(".ln[data-name]").forEach((path) => {
          const look = path.getAttribute("class");
          clash = clash || (names[look] !== undefined && names[look] !== path.dataset.name);
          names[look] = path.dataset.name;
        });
      });
      if (clash || Object.keys(names).length < 2) return;
      const list = make("span", { class: "names legend" });
      Object.keys(names).sort().forEach((look) => {
        const item = make("span", {}, make("svg:svg", { class: /s\d/.exec(look)[0], viewBox: "0 0 28 12", "aria-hidden": "true" }, make("svg:path", { class: look, d: "M0 6H28" })), names[look]);
        list.append(item);
        this.addToggle(item);
      });
      this.told.before(list);
    }

    recall() {
      const view = this.view;
      const read = (name) => { return kit.read(this.id + "." + name); }
      view.smooth = Math.max(0, Math.min(0.95, Number(read("smooth")) || 0));
      view.scale = /^(log|linear)$/.test(read("scale")) ? read("scale") : "";
      view.way = Array.from(this.ways.options, (option) => option.value).includes(read("by")) ? read("by") : "";
      view.off = read("off").split(",").filter((look) => this.toggles.some((one) => one.look === look));
      this.charts.forEach((chart) => {
        const ends = read(chart.zoomName).split("..").map(Number);
        if (ends.length === 2 && ends[0] < ends[1]) view[chart.zoomName] = ends;
      });
      this.apply();
    }

    changed() {
      const view = this.view;
      this.apply();
      kit.keep(this.id + ".smooth", view.smooth ? String(view.smooth) : "");
      kit.keep(this.id + ".scale", view.scale);
      kit.keep(this.id + ".by", view.way);
      kit.keep(this.id + ".off", view.off.join());
      this.charts.forEach((chart) => kit.keep(this.id + "." + chart.zoomName, (view[chart.zoomName] || []).join("..")));
    }

    apply() {
      const view = this.view;
      this.each("draw");
      this.range.value = view.smooth;
      this.select.value = view.scale;
      this.ways.value = view.way;
      this.toggles.forEach((one) => one.button.setAttribute("aria-pressed", String(view.off.indexOf(one.look) < 0)));
      const zoomed = this.charts.filter((chart) => view[chart.zoomName])[0];
      const isChanged = zoomed || view.smooth || view.scale || view.way || view.off.length;
      this.back.style.visibility = isChanged ? "" : "hidden";
      this.told.textContent = zoomed ? zoomed.nameX(view[zoomed.zoomName][0]) + " to " + zoomed.nameX(view[zoomed.zoomName][1]).replace(/^x /, "") : "Drag to zoom";
    }

    reset() {
      this.view.smooth = 0;
      this.view.scale = "";
      this.view.way = "";
      this.view.off = [];
      this.charts.forEach((chart) => { this.view[chart.zoomName] = null; });
      this.changed();
    }

    /* Zooms around the point that was read last, else around the middle. */
    zoomBy(factor) {
      const chart = this.active.read(), x = chart.x(), middle = chart.here == null ? (x.low + x.high) / 2 : chart.here;
      chart.zoomTo(middle - (middle - x.low) * factor, middle + (x.high - middle) * factor);
    }
  }

  /* Puts the controls of the charts beside a bar into it. */
  kit.addControls = (bar) => {
    const plots = Array.from(bar.parentNode.querySelectorAll(".plot[data-x]"));
    if (plots.length) new Group(bar, plots, bar.closest(".sec[id]").id);
  };

  document.querySelectorAll(".tools.lines").forEach(kit.addControls);
})();
