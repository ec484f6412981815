"use strict";
// ---- Saving: every chart as PNG and SVG, its table as CSV; all of it made here, in the page.

const SVG = "http://www.w3.org/2000/svg";
const SHARP = 2; // pixels of a PNG for each pixel of the page
const LARGEST = 8000; // pixels of a side: browsers give no picture of a canvas that is much larger

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A cell as a program reads it: plain minus signs, no thousands, and no text that a spreadsheet would take for a formula.
function csvText(cell) {
  const copy = cell.cloneNode(true);
  all(".note", copy).forEach((note) => note.remove());
  const text = ((cell.tagName === "TH" && cell.title) || copy.textContent).trim().replace(/\u2212/g, "-").replace(/\u00a0/g, " ");
  if (cell.classList.contains("number") && cell.tagName === "TD") return text === "\u2013" ? "" : text.replace(/(?<=\d),(?=\d{3})/g, "");
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function csvOf(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  const ranged = heads.map((_, place) => rows.some((row) => row[place].dataset.ends));
  const onlyRange = heads.map((_, place) => rows.every((row) => !row[place].dataset.ends || / to /.test(row[place].textContent)));
  const parts = (cell, place, text, ends) => (ranged[place] ? [...(onlyRange[place] ? [] : [text]), ...ends] : [text]);
  const head = heads.flatMap((cell, place) => parts(cell, place, csvText(cell), ["low", "high"].map((end) => `${csvText(cell)} ${end}`)));
  const body = rows.map((row) =>
    row.flatMap((cell, place) => parts(cell, place, csvText(cell), (cell.dataset.ends || " ").split(" "))),
  );
  return [head, ...body].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

// ---- A table as a picture: its cells where they stand, with their shades, lines, words and small drawings.

const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

function plainColour(css) {
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = css;
  brush.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
  return alpha ? `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}` : null;
}

// XML has no control characters, however they are written.
const printable = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, typeof value === "number" ? Math.round(value * 10) / 10 : value);
  if (text !== undefined) made.textContent = printable(text);
  return made;
}

function linesOf(node) {
  const range = document.createRange();
  const lines = [];
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last && Math.abs(last.bottom - box.bottom) < 2) last.text += ` ${word}`;
    else if (box.width) lines.push({ left: box.left, bottom: box.bottom, height: box.height, text: word });
  }
  return lines;
}

// Where words that run downwards begin.
function turnedPlace(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  return [box.left + box.width * 0.25, box.top];
}

function drawWords(cell, { left, top }, picture) {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const style = getComputedStyle(walker.currentNode.parentElement);
    const font = { "font-size": parseFloat(style.fontSize), "font-weight": style.fontWeight, fill: plainColour(style.color) || "#000000" };
    if (style.writingMode !== "horizontal-tb") {
      const [x, y] = turnedPlace(walker.currentNode).map((value, at) => value - [left, top][at]);
      picture.append(drawn("text", { x, y, ...font, transform: `rotate(90 ${x} ${y})` }, walker.currentNode.data.trim()));
      continue;
    }
    for (const line of linesOf(walker.currentNode)) {
      picture.append(drawn("text", { x: line.left - left, y: line.bottom - top - line.height * 0.24, ...font }, line.text));
    }
  }
}

function drawSmall(cell, { left, top }, picture) {
  for (const rect of all("svg rect", cell)) {
    const box = rect.getBoundingClientRect();
    const fill = plainColour(getComputedStyle(rect).fill) || "none";
    picture.append(drawn("rect", { x: box.left - left, y: box.top - top, width: box.width, height: box.height, fill }));
  }
}

function pictureOfTable(table) {
  const box = table.getBoundingClientRect();
  const surface = colourOf("--surface");
  const family = getComputedStyle(document.body).fontFamily;
  const picture = drawn("svg", { width: box.width, height: box.height, viewBox: `0 0 ${box.width} ${box.height}`, "font-family": family });
  picture.append(drawn("rect", { width: box.width, height: box.height, fill: surface }));
  for (const cell of all("thead th, thead td, tbody th, tbody td", table)) {
    const place = cell.getBoundingClientRect();
    const at = { x: place.left - box.left, y: place.top - box.top, width: place.width, height: place.height };
    const fill = plainColour(getComputedStyle(cell).backgroundColor);
    if (fill) picture.append(drawn("rect", { ...at, fill }));
    picture.append(drawn("rect", { x: at.x, y: at.y + at.height - 1, width: at.width, height: 1, fill: colourOf("--rule") }));
    drawSmall(cell, box, picture);
    drawWords(cell, box, picture);
  }
  return new XMLSerializer().serializeToString(picture);
}

const colourOf = (name) => plainColour(getComputedStyle(document.documentElement).getPropertyValue(name)) || "#ffffff";

async function pictureOfPlot(plot) {
  await draw(plot);
  const { width, height } = plot.getBoundingClientRect();
  const { data, layout } = plot;
  const figure = { data, layout: { ...layout, paper_bgcolor: colourOf("--surface") }, config: {} };
  const address = await window.Plotly.toImage(figure, { format: "svg", width, height });
  return printable(decodeURIComponent(address.slice(address.indexOf(",") + 1)));
}

async function pixels(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const scale = Math.min(SHARP, LARGEST / image.width, LARGEST / image.height);
  [canvas.width, canvas.height] = [Math.ceil(image.width * scale), Math.ceil(image.height * scale)];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

const MAKERS = {
  PNG: async (chart) => pixels(await picture(chart)),
  SVG: async (chart) => new Blob([await picture(chart)], { type: "image/svg+xml" }),
  CSV: async (chart) => new Blob(["\ufeff", csvOf(one("table", chart))], { type: "text/csv;charset=utf-8" }),
};

function picture(chart) {
  const plot = one(".plot", chart);
  return plot ? pictureOfPlot(plot) : pictureOfTable(one("table", chart));
}

function addButtons(chart) {
  const title = one("figcaption :is(h2, h3, h4)", chart).textContent;
  const group = document.createElement("div");
  group.className = "saves";
  for (const [format, make] of Object.entries(MAKERS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = format;
    button.setAttribute("aria-label", `${format}: save ${title}`);
    button.addEventListener("click", async () => save(`${chart.id}.${format.toLowerCase()}`, await make(chart)));
    group.append(button);
  }
  one("figcaption", chart).prepend(group);
}

all("figure.chart").forEach(addButtons);
