"use strict";
// Charts: a live one takes the place of its still picture once it has been drawn, in the colours of the theme.
page.charts = (function () {
  function json(selector) {
    const found = document.querySelector(selector);
    return found === null ? {} : JSON.parse(found.textContent);
  }
  const dark = json("script.dark-colours"), datasets = json("script.datasets");
  const light = Object.fromEntries(Object.entries(dark).map(function (pair) { return [pair[1], pair[0]]; }));
  const able = typeof window.vegaEmbed === "function";
  const views = new Map(); // panel → { theme, view }; view is null while it is being drawn

  function theme() { return document.documentElement.dataset.theme; }

  function darkened(part) {
    if (typeof part === "string") return dark[part.toLowerCase()] || part;
    if (Array.isArray(part)) return part.map(darkened);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(function (entry) {
      return [entry[0], entry[0] === "values" ? entry[1] : darkened(entry[1])];
    }));
  }

  function specification(panel, wanted) {
    let spec = JSON.parse(panel.querySelector("script.spec").textContent);
    const names = spec.datasets;
    delete spec.datasets;
    if (wanted === "dark") spec = darkened(spec);
    // Vega writes into the rows that it is given
    spec.datasets = Object.fromEntries(names.map(function (name) { return [name, structuredClone(datasets[name])]; }));
    if (panel.clientWidth < 480 && spec.config && spec.config.legend) spec.config.legend.columns = 1;
    return spec;
  }

  function shown(panel) { return panel.offsetParent !== null; }

  function draw(panel) {
    const wanted = theme(), before = views.get(panel), live = panel.querySelector(".live");
    if (!able || (before && before.theme === wanted)) return Promise.resolve();
    const now = { theme: wanted, view: null };
    views.set(panel, now);
    if (before && before.view) before.view.finalize();
    return window
      .vegaEmbed(live, specification(panel, wanted), { actions: false, renderer: "svg", ast: false, tooltip: { theme: wanted } })
      .then(function (result) {
        now.view = result.view;
        live.setAttribute("role", "img"); // one image, with its words beside it
        live.querySelector("svg").setAttribute("aria-hidden", "true");
        live.setAttribute("aria-label", live.dataset.label);
        panel.classList.add("drawn");
      })
      .catch(function (error) { console.error(error); });
  }

  // Paper is light, and printing does not wait for a chart to be drawn anew: a dark one without a still is repainted.
  function repaint(panel) {
    const before = views.get(panel);
    if (!before || before.theme !== "dark" || panel.querySelector(".still")) return;
    panel.querySelectorAll(".live svg [fill], .live svg [stroke]").forEach(function (mark) {
      ["fill", "stroke"].forEach(function (name) {
        const colour = mark.getAttribute(name);
        if (light[colour] !== undefined) mark.setAttribute(name, light[colour]);
      });
    });
    before.theme = "paper";
  }

  // What is in view comes first, the rest while the reader reads.
  const panels = Array.from(document.querySelectorAll(".panel")), near = new Set();
  let busy = false, printing = false;
  function next() {
    if (printing) {
      busy = false;
      return;
    }
    const due = panels.filter(function (panel) {
      const done = views.get(panel);
      return shown(panel) && !(done && done.theme === theme());
    });
    const panel = due.find(function (one) { return near.has(one); }) || due[0];
    if (!able || panel === undefined) {
      busy = false;
      document.documentElement.dataset.charts = "drawn";
      return;
    }
    busy = true;
    draw(panel).then(function () {
      if ("requestIdleCallback" in window) window.requestIdleCallback(next, { timeout: 200 });
      else window.setTimeout(next, 0);
    });
  }
  function update() {
    printing = false;
    delete document.documentElement.dataset.charts;
    if (!busy) next();
  }
  if ("IntersectionObserver" in window) {
    const observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) near.add(entry.target);
        else near.delete(entry.target);
      });
    }, { rootMargin: "300px 0px" });
    panels.forEach(function (panel) { observer.observe(panel); });
  }
  return {
    update: update,
    print: function () {
      printing = true;
      panels.filter(shown).forEach(repaint);
    },
  };
})();
