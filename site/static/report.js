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
