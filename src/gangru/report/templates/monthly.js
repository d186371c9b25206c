"use strict";
(function () {
  // Charts: a live one takes the place of its still picture once it has been drawn.
  document.querySelectorAll(".panel").forEach(function (panel) {
    if (typeof window.vegaEmbed !== "function") return;
    const spec = JSON.parse(panel.querySelector("script.spec").textContent);
    if (panel.clientWidth < 480) spec.config.legend.columns = 1;
    window
      .vegaEmbed(panel.querySelector(".live"), spec, { actions: false, renderer: "svg", ast: false })
      .then(function () { panel.classList.add("drawn"); })
      .catch(function (error) { console.error(error); });
  });

  // Tables: a click on a column's head sorts by it, numbers by their value.
  function key(cell) {
    const value = cell.dataset.value;
    if (value === undefined) return cell.textContent;
    return value === "" ? -Infinity : Number(value);
  }
  document.querySelectorAll("table.folded, table.scroll").forEach(function (table) {
    table.querySelectorAll("thead th").forEach(function (head, column) {
      head.tabIndex = 0;
      head.setAttribute("role", "button");
      function sort() {
        const down = head.getAttribute("aria-sort") !== "descending";
        table.querySelectorAll("thead th").forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = Array.from(body.rows).sort(function (a, b) {
          const x = key(a.cells[column]), y = key(b.cells[column]);
          const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
          return down ? -order : order;
        });
        rows.forEach(function (row) { body.appendChild(row); });
      }
      head.addEventListener("click", sort);
      head.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); }
      });
    });
  });

  // Contents: the section in view is marked.
  const links = new Map();
  document.querySelectorAll("nav.contents a").forEach(function (link) { links.set(link.hash.slice(1), link); });
  if ("IntersectionObserver" in window) {
    const observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        links.forEach(function (link) { link.removeAttribute("aria-current"); });
        const link = links.get(entry.target.id);
        if (link) link.setAttribute("aria-current", "true");
      });
    }, { rootMargin: "-10% 0px -80% 0px" });
    document.querySelectorAll("section.part").forEach(function (section) { observer.observe(section); });
  }

  // Paper shows what the screen folds away.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (folded) { folded.open = true; });
  });
})();
