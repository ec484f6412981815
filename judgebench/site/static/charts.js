"use strict";
// ---- Charts: the style sheet owns the colours, so that light and dark follow the reader's choice.
// plotly.js is large, so it is loaded when a chart comes near the window, and a chart is drawn when it does.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const PLOTLY = document.currentScript.dataset.plotly;
const NEAR = "400px"; // how far below the window a chart begins to be drawn
let plotly = null; // the promise of window.Plotly

function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = PLOTLY;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`${PLOTLY} can't be loaded`));
    document.head.append(script);
  });
  return plotly;
}

function paintedTrace(trace) {
  const { color, text } = trace.meta || {};
  const painted = { ...trace };
  if (color && trace.line) painted.line = { ...trace.line, color: colour(color) };
  if (color && trace.error_x) painted.error_x = { ...trace.error_x, color: colour(color) };
  if (color) {
    const marker = { ...trace.marker, color: colour(color) };
    const pattern = { ...marker.pattern, bgcolor: colour(color), fgcolor: colour(`${color}-line`) };
    painted.marker = trace.type === "bar" ? { ...marker, line: { width: 0 }, pattern } : marker;
  }
  if (text) painted.insidetextfont = { color: colour(text) };
  return painted;
}

function paintedAxis(axis) {
  return { ...axis, gridcolor: colour("rule"), linecolor: colour("rule"), tickcolor: colour("rule"), zerolinecolor: colour("rule") };
}

function paintedShape(shape) {
  return { ...shape, line: { ...shape.line, color: colour(shape.name === "strong" ? "muted" : "rule") } };
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
  if (layout.shapes) painted.shapes = layout.shapes.map(paintedShape);
  if (layout.annotations) painted.annotations = layout.annotations.map((note) => ({ ...note, font: { ...note.font, color: colour(note.name || "ink") } }));
  return painted;
}

const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false };

const drawings = new Map(); // the element that is drawn in -> its figure

function readFigures() {
  for (const chart of all("figure.chart")) {
    const data = one(':scope > script[type="application/json"]', chart);
    if (!data) continue;
    const figure = JSON.parse(data.textContent);
    const plot = one(".plot", chart);
    plot.style.height = `${figure.layout.height}px`; // so that nothing moves when it is drawn
    drawings.set(plot, figure);
  }
}

async function draw(plot) {
  const { data, layout } = drawings.get(plot);
  const library = await loadPlotly();
  await library.react(plot, data.map(paintedTrace), paintedLayout(layout), CONFIG);
}

const drawAgain = () => all(".plot.js-plotly-plot").forEach(draw);

function drawWhenNear() {
  const watch = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        watch.unobserve(target);
        draw(target).catch(() => target.classList.add("missing"));
      }
    },
    { rootMargin: NEAR },
  );
  for (const plot of drawings.keys()) watch.observe(plot);
}

readFigures();
drawWhenNear();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
new MutationObserver(drawAgain).observe(document.documentElement, { attributeFilter: ["class", "data-theme"] });
window.addEventListener("beforeprint", () => {
  if (window.Plotly) for (const plot of drawings.keys()) draw(plot);
});
