"use strict";
// Everything here is a convenience: without this file the pages are plain lists, with every answer shown.
// Data is only ever read by textContent and JSON.parse and shown by textContent; nothing becomes HTML.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

// ---- Charts: the style sheet owns the colours, so that light and dark follow the reader's choice.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function paintedTrace(trace) {
  const { color, text, scale } = trace.meta || {};
  const painted = { ...trace };
  if (scale) {
    painted.colorscale = scale.map((name, place) => [place, colour(name)]);
    painted.textfont = { color: colour("ink") };
  }
  if (color && trace.line) painted.line = { ...trace.line, color: colour(color) };
  if (color) {
    const pattern = { ...(trace.marker || {}).pattern, bgcolor: colour(color), fgcolor: colour(`${color}-line`) };
    painted.marker = { ...trace.marker, color: colour(color), line: { width: 0 }, pattern };
  }
  if (text) painted.insidetextfont = { color: colour(text) };
  return painted;
}

function paintedAxis(axis) {
  return { ...axis, gridcolor: colour("rule"), linecolor: colour("rule"), tickcolor: colour("rule"), zerolinecolor: colour("rule") };
}

function paintedLayout(layout) {
  const painted = {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("ink") },
    hoverlabel: { bgcolor: colour("surface"), bordercolor: colour("rule"), font: { color: colour("ink") } },
  };
  for (const key of ["xaxis", "yaxis"]) if (layout[key]) painted[key] = paintedAxis(layout[key]);
  if (layout.polar) {
    const { angularaxis, radialaxis } = layout.polar;
    painted.polar = { bgcolor: "rgba(0,0,0,0)", angularaxis: paintedAxis(angularaxis), radialaxis: paintedAxis(radialaxis) };
  }
  return painted;
}

const CONFIG = {
  responsive: true,
  displaylogo: false,
  displayModeBar: "hover",
  modeBarButtons: [["toImage"]], // an explicit list: the default one has a button that leads to another machine
  toImageButtonOptions: { format: "svg" }, // other formats need a canvas fed from a blob, which the policy forbids
};

function drawCharts() {
  for (const chart of all("figure.chart")) {
    const { data, layout } = JSON.parse(one('script[type="application/json"]', chart).textContent);
    window.Plotly.react(one(".plot", chart), data.map(paintedTrace), paintedLayout(layout), CONFIG);
  }
}

if (window.Plotly) {
  drawCharts();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawCharts);
}

// ---- Filters of the lists of matches and of questions.

function matches(row, wanted, words) {
  const text = row.dataset.text || "";
  return wanted.every(([name, value]) => row.dataset[name] === value) && words.every((word) => text.includes(word));
}

function setUpFilters(bar) {
  const rows = all("tbody tr", document.getElementById(bar.dataset.filters));
  const selects = all("select", bar);
  const search = one("[data-filter-text]", bar);
  const apply = () => {
    const wanted = selects.filter((select) => select.value).map((select) => [select.dataset.filter, select.value]);
    const words = search ? search.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    for (const row of rows) row.hidden = !matches(row, wanted, words);
    const shown = rows.filter((row) => !row.hidden).length;
    one(".count", bar).textContent = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
  };
  bar.addEventListener("input", apply);
  window.addEventListener("pageshow", apply); // a browser that goes back restores the fields without an event
  apply();
}

all("[data-filters]").forEach(setUpFilters);

// ---- Two models side by side; the choice lives in the address, so that links to it work and outlive a rebuild.

const sides = all("select[data-side]");
const chosen = () => sides.map((select) => select.value);

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  ["left", "right"].forEach((name, side) => {
    const value = wanted.get(name);
    if (value !== null && all("option", sides[side]).some((option) => option.value === value)) sides[side].value = value;
  });
}

function address() {
  const [left, right] = chosen().map(encodeURIComponent);
  return `#left=${left}&right=${right}`;
}

function showChosen() {
  const [left, right] = chosen();
  for (const answer of all(".answer")) {
    const { model } = answer.dataset;
    answer.classList.toggle("off", model !== left && model !== right);
    answer.classList.toggle("first", model === left);
  }
  for (const { dataset, classList } of all(".pairwise")) {
    const pair = (dataset.a === left && dataset.b === right) || (dataset.a === right && dataset.b === left);
    classList.toggle("off", !pair);
  }
  for (const list of all(".outcomes")) one(".none", list).classList.toggle("off", !right || one(".pairwise:not(.off)", list));
  for (const part of all(".comparisons")) part.classList.toggle("off", !one(".pairwise:not(.off)", part));
  for (const link of all(".walk nav a")) link.hash = address();
}

function setUpChoice() {
  let before = chosen();
  const show = () => {
    showChosen();
    before = chosen();
  };
  sides.forEach((select, side) =>
    select.addEventListener("change", () => {
      const other = sides[1 - side];
      if (select.value === other.value) other.value = before[side]; // the same model twice: change places
      if (!sides[0].value) [sides[0].value, sides[1].value] = [before[0], ""];
      history.replaceState(null, "", address());
      show();
    }),
  );
  const readAndShow = () => {
    readAddress();
    show();
  };
  window.addEventListener("hashchange", readAndShow);
  window.addEventListener("pageshow", readAndShow);
  readAndShow();
}

if (sides.length === 2) setUpChoice();

// ---- Keys for the neighbouring questions, except where a key has a meaning of its own.

const KEYS = { ArrowLeft: "prev", k: "prev", ArrowRight: "next", j: "next" };

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented;
  if (busy || !KEYS[event.key] || event.target.closest("input, select, textarea, pre, .scroll")) return;
  const link = one(`.walk a[rel="${KEYS[event.key]}"]`);
  if (link) link.click();
});
