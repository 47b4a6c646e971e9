/* The key "/" goes to the search from every page, unless the search page was told not to. */
(function () {
  "use strict";

  function isOff() {
    try {
      return localStorage.getItem("reportgen-slash") === "off";
    } catch (denied) {
      return false;
    }
  }

  document.addEventListener("keydown", function (event) {
    var isTyping = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping || isOff()) return;
    var field = document.getElementById("q");
    var link = document.querySelector("a[href$='search.html']");
    event.preventDefault();
    if (field) field.select();
    else if (link) link.click();
  });
})();
