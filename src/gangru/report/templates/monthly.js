"use strict";
// The page around them: theme, language, the list of contents, paper.
(function () {
  const root = document.documentElement, versions = Array.from(document.querySelectorAll(".version"));

  function everyButton(selector, act) { document.querySelectorAll(selector).forEach(act); }

  // Theme: the system's, until the reader chooses another.
  function showTheme(theme) {
    root.dataset.theme = theme;
    everyButton("button.theme", function (button) { button.setAttribute("aria-pressed", String(theme === "dark")); });
    page.charts.update();
  }
  function systemTheme() { return page.systemDark.matches ? "dark" : "light"; }
  everyButton("button.theme", function (button) {
    button.addEventListener("click", function () {
      const chosen = root.dataset.theme === "dark" ? "light" : "dark";
      page.keep("theme", chosen === systemTheme() ? null : chosen);
      showTheme(chosen);
    });
  });
  page.systemDark.addEventListener("change", function () {
    if (page.recall("theme") === null) showTheme(systemTheme());
  });

  // Language: one version is shown, at the place where the reader was.
  function versionOf(tag) { return versions.find(function (version) { return version.dataset.language === tag; }); }
  function current() { return versions.find(function (version) { return !version.hidden; }); }
  function twin(id, from, to) { return to.dataset.prefix + id.slice(from.dataset.prefix.length); }
  function place(version) {
    const parts = Array.from(version.querySelectorAll("section.part, figure.exhibit"));
    return parts.filter(function (part) { return part.getBoundingClientRect().top < 80; }).pop();
  }
  function showVersion(version) {
    versions.forEach(function (other) { other.hidden = other !== version; });
    root.dataset.language = version.dataset.language;
    root.lang = version.lang;
    document.title = version.dataset.title;
    page.tables.stops();
    window.dispatchEvent(new Event("resize")); // charts take their width anew
    page.charts.update();
  }
  function switchTo(version) {
    const before = current(), reading = place(before);
    if (version === before) return;
    const top = reading ? reading.getBoundingClientRect().top : 0;
    showVersion(version);
    page.keep("language", version.dataset.language);
    if (window.location.hash.length > 1) {
      const hash = "#" + twin(window.location.hash.slice(1), before, version);
      try { window.history.replaceState(null, "", hash); } catch (error) { /* a page from a disk may not */ }
    }
    version.querySelector('.languages button[aria-pressed="true"]').focus({ preventScroll: true });
    const same = reading && document.getElementById(twin(reading.id, before, version));
    if (same) window.scrollBy({ top: same.getBoundingClientRect().top - top, behavior: "instant" });
  }
  everyButton(".languages button", function (button) {
    button.addEventListener("click", function () { switchTo(versionOf(button.dataset.language)); });
  });
  // An address that ends with an anchor opens the language that the anchor is in.
  function target() { return document.getElementById(decodeURIComponent(window.location.hash.slice(1))); }
  function asked() { return target() && target().closest(".version"); }
  window.addEventListener("hashchange", function () {
    if (asked() && asked() !== current()) { showVersion(asked()); target().scrollIntoView(); }
  });

  // Contents: the section in view is marked.
  if ("IntersectionObserver" in window) {
    const observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        const list = entry.target.closest(".version").querySelector("nav.contents");
        list.querySelectorAll("a").forEach(function (link) {
          if (link.hash.slice(1) !== entry.target.id) { link.removeAttribute("aria-current"); return; }
          link.setAttribute("aria-current", "location");
          const row = link.closest("ol"), item = link.parentElement;
          if (row.scrollWidth > row.clientWidth) row.scrollLeft = item.offsetLeft - row.offsetLeft - 16;
        });
      });
    }, { rootMargin: "-10% 0px -80% 0px" });
    document.querySelectorAll("section.part").forEach(function (section) { observer.observe(section); });
  }

  // Paper shows what the screen folds away; afterwards the screen is as it was.
  let opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (details) { details.open = true; });
    page.charts.print();
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
    page.charts.update();
  });

  const first = current();
  showVersion(asked() || versionOf(root.dataset.language) || first);
  if (asked() && current() !== first) target().scrollIntoView();
  showTheme(root.dataset.theme);
})();
