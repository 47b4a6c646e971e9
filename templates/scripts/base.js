/* What the scripts after this one share: making elements, the state of the view in the page's address, the clipboard. */
window.reportgen = (function () {
  "use strict";
  const query = new URLSearchParams(location.search);
  let waiting = 0;

  /* Makes an element; attributes that start with "on" are listeners, children may be texts. */
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key.slice(0, 2) === "on") element.addEventListener(key.slice(2), attributes[key]);
      else if (attributes[key] !== null) element.setAttribute(key, attributes[key]);
    });
    element.append(...children);
    return element;
  }

  function read(name) {
    return query.get(name) || "";
  }

  /* Keeps a value in the address soon: browsers limit how often it may change. An empty value leaves it. */
  function keep(name, value) {
    if (value) query.set(name, value); else query.delete(name);
    clearTimeout(waiting);
    waiting = setTimeout(function () {
      const text = String(query);
      try {
        history.replaceState(history.state, "", location.pathname + (text && "?" + text) + location.hash);
      } catch (denied) { /* some frames may not: the view then holds for this page */ }
    }, 150);
  }

  /* Copies a text and says so on the button for a moment. */
  function copy(text, button) {
    function said(done) {
      const before = button.textContent;
      if (button.dataset.said) return;
      button.dataset.said = before;
      button.textContent = done ? "Copied" : "Not allowed";
      setTimeout(function () { button.textContent = before; delete button.dataset.said; }, 1500);
    }
    function byHand() {
      const area = make("textarea", { class: "vh" });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      button.focus();
      said(done);
    }
    if (!navigator.clipboard) byHand();
    else navigator.clipboard.writeText(text).then(function () { said(true); }, byHand);
  }

  return { make: make, read: read, keep: keep, copy: copy };
})();
