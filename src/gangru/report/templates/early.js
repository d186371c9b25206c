"use strict";
// Before anything is drawn: what the reader chose last time. A page opened from a disk may have no memory.
const page = {
  recall(name) {
    try { return window.localStorage.getItem("gangru-" + name); } catch (error) { return null; }
  },
  keep(name, value) {
    try {
      if (value === null) window.localStorage.removeItem("gangru-" + name);
      else window.localStorage.setItem("gangru-" + name, value);
    } catch (error) { /* then the choice lasts as long as the page is open */ }
  },
  systemDark: window.matchMedia("(prefers-color-scheme: dark)"),
};
(function () {
  const root = document.documentElement;
  const theme = page.recall("theme"), language = page.recall("language");
  root.classList.add("scripted");
  root.dataset.theme = theme === "dark" || theme === "light" ? theme : page.systemDark.matches ? "dark" : "light";
  if (root.dataset.languages.split(" ").includes(language)) root.dataset.language = language;
})();
