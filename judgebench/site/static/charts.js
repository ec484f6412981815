"use strict";
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
