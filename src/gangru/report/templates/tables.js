"use strict";
// Tables: sorting by a column's head, a filter for the long ones, a button that copies the rows shown.
page.tables = (function () {
  const SORTED_FROM = 9, FILTERED_FROM = 21; // rows

  function element(name, className, words) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (words) made.textContent = words;
    return made;
  }
  function written(template, values) {
    return template.replace(/\{(\w+)\}/g, function (whole, name) { return String(values[name]); });
  }
  function isNumber(cell) { return cell.classList.contains("n") && cell.dataset.value !== undefined; }
  function plain(cell) { return cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value; }

  function comparison(column, collator, down) {
    return function (a, b) {
      const x = a.cells[column], y = b.cells[column], left = plain(x), right = plain(y);
      if (left === "" || right === "") return (left === "") - (right === ""); // what is not known comes last either way
      const order = isNumber(x) && isNumber(y) ? Number(left) - Number(right) : collator.compare(left, right);
      return down ? -order : order;
    };
  }

  // First press: numbers from the highest, words from the first; then the other way; then as it was printed.
  function makeSortable(table, collator) {
    const body = table.tBodies[0], original = Array.from(body.rows), heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      const button = element("button", "sort", head.textContent);
      button.type = "button";
      head.textContent = "";
      head.appendChild(button);
      const cycle = head.classList.contains("n") ? ["descending", "ascending"] : ["ascending", "descending"];
      button.addEventListener("click", function () {
        const next = cycle[cycle.indexOf(head.getAttribute("aria-sort")) + 1];
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        const rows = original.slice();
        if (next !== undefined) {
          head.setAttribute("aria-sort", next);
          rows.sort(comparison(column, collator, next === "descending"));
        }
        rows.forEach(function (row) { body.appendChild(row); });
      });
    });
  }

  function folded(words) { return words.normalize("NFKC").toLowerCase(); }

  function filterBox(table, labels) {
    const box = element("div", "filter"), label = element("label", "", labels.filter);
    const input = element("input"), count = element("span", "count");
    const rows = Array.from(table.tBodies[0].rows);
    const texts = rows.map(function (row) {
      return folded(Array.from(row.cells, function (cell) { return cell.textContent; }).join("\t"));
    });
    input.type = "search";
    input.autocomplete = "off";
    input.spellcheck = false;
    count.setAttribute("role", "status");
    function apply() {
      const words = folded(input.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach(function (row, i) {
        row.hidden = !words.every(function (word) { return texts[i].includes(word); });
        if (!row.hidden) shown += 1;
      });
      count.classList.toggle("nothing", shown === 0);
      count.textContent = written(shown ? labels.shown : labels.none, { shown: shown, all: rows.length });
    }
    input.addEventListener("input", apply);
    input.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && input.value) { event.preventDefault(); input.value = ""; apply(); }
    });
    label.appendChild(input);
    box.append(label, count);
    apply();
    return box;
  }

  // A spreadsheet would take text that begins like a formula for one.
  function pasted(cell) {
    const value = plain(cell).replace(/[\t\r\n]+/g, " ");
    return !isNumber(cell) && /^[=+\-@]/.test(value) ? "'" + value : value;
  }
  function rowsShown(table) {
    return Array.from(table.tBodies[0].rows).filter(function (row) { return !row.hidden; });
  }
  function asText(table) {
    const heads = Array.from(table.tHead.rows[0].cells, function (head) { return head.textContent.trim(); });
    const lines = rowsShown(table).map(function (row) { return Array.from(row.cells, pasted).join("\t"); });
    return [heads.join("\t")].concat(lines).join("\n") + "\n";
  }

  function copyOldWay(words) {
    const area = element("textarea", "unseen"), focused = document.activeElement;
    area.value = words;
    area.setAttribute("aria-hidden", "true");
    document.body.appendChild(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    area.remove();
    if (focused) focused.focus({ preventScroll: true });
    return done;
  }
  function copy(words) {
    const clipboard = navigator.clipboard;
    if (!clipboard || !clipboard.writeText) return Promise.resolve(copyOldWay(words));
    return clipboard.writeText(words).then(
      function () { return true; },
      function () { return copyOldWay(words); }
    );
  }

  function copyButton(table, labels) {
    const box = element("div", "copying"), button = element("button", "copy", labels.copy);
    const told = element("span", "unseen");
    button.type = "button";
    told.setAttribute("role", "status");
    let timer = 0;
    button.addEventListener("click", function () {
      copy(asText(table)).then(function (done) {
        button.textContent = done ? labels.copied : labels.notCopied;
        told.textContent = done ? written(labels.copiedRows, { count: rowsShown(table).length }) : labels.notCopied;
        window.clearTimeout(timer);
        timer = window.setTimeout(function () { button.textContent = labels.copy; told.textContent = ""; }, 2500);
      });
    });
    box.append(button, told);
    return box;
  }

  document.querySelectorAll(".version").forEach(function (version) {
    const labels = JSON.parse(version.dataset.labels), collator = new Intl.Collator(version.lang, { numeric: true });
    version.querySelectorAll(".table-exhibit table").forEach(function (table) {
      const rows = table.tBodies[0].rows.length, caption = table.closest("figure").querySelector("figcaption");
      const tools = element("div", "tools");
      tools.setAttribute("role", "group");
      tools.setAttribute("aria-labelledby", caption.id);
      if (rows >= SORTED_FROM) makeSortable(table, collator);
      tools.appendChild(copyButton(table, labels));
      caption.after(tools);
      if (rows >= FILTERED_FROM) table.parentElement.before(filterBox(table, labels));
    });
  });

  // A box that has nothing to scroll is no stop for the keyboard.
  const boxes = document.querySelectorAll(".scroller, .panels.windows");
  function stops() {
    boxes.forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  }
  window.addEventListener("resize", stops);
  document.addEventListener("toggle", stops, true);
  return { stops: stops };
})();
