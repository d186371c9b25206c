// Pages work without this; it saves a click on a choice, and reads a chart where the pointer is.
(function () {
  "use strict";

  document.querySelectorAll("select[data-submit]").forEach(function (choice) {
    choice.addEventListener("change", function () { choice.form.submit(); });
  });
  document.querySelectorAll("select[data-jump]").forEach(function (choice) {
    choice.addEventListener("change", function () { window.location.assign(choice.value); });
  });

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.appendChild(tip);

  function hide(chart) {
    tip.hidden = true;
    chart.querySelector(".cursor").style.visibility = "hidden";
  }

  document.querySelectorAll("svg.chart").forEach(function (chart) {
    const tips = JSON.parse(chart.dataset.tips), left = Number(chart.dataset.left), right = Number(chart.dataset.right);
    const bands = chart.dataset.bands === "1", cursor = chart.querySelector(".cursor");
    if (!tips.length) return;
    chart.addEventListener("pointermove", function (event) {
      const box = chart.getBoundingClientRect(), scale = chart.viewBox.baseVal.width / box.width;
      const share = ((event.clientX - box.left) * scale - left) / (right - left);
      const last = tips.length - 1;
      const place = Math.min(Math.max(bands ? Math.floor(share * tips.length) : Math.round(share * last), 0), last);
      const at = bands ? (place + 0.5) / tips.length : last ? place / last : 0.5;
      const x = left + at * (right - left);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.style.visibility = "visible";
      tip.textContent = tips[place];
      tip.hidden = false;
      const page = document.documentElement.clientWidth, wanted = box.left + x / scale + 12;
      const fits = wanted + tip.offsetWidth < page - 4 ? wanted : box.left + x / scale - tip.offsetWidth - 12;
      tip.style.left = window.scrollX + Math.max(fits, 4) + "px";
      tip.style.top = window.scrollY + Math.max(event.clientY - tip.offsetHeight - 10, 4) + "px";
    });
    chart.addEventListener("pointerleave", function () { hide(chart); });
  });
})();
