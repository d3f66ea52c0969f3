// Sets the chosen theme on <html> before anything is painted. Without a choice
// the browser's own preference decides, in CSS alone.
(function () {
  try {
    var theme = localStorage.getItem("asepsis.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage may be closed to us; the preference of the browser stands.
  }
})();
