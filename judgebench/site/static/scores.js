"use strict";
// ---- Two models by their single scores: what both have is loaded, joined and listed. Names and texts are only text.

const section = document.getElementById("compared");
const part = (name) => document.getElementById(`compared-${name}`);
const shortly = (value) => String(Math.round(value * 100) / 100).replace("-", "\u2212");
const signed = (value) => (value > 0 ? "+" : "") + shortly(value);

function element(tag, text, { kind, scope } = {}) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (scope) made.scope = scope;
  const inner = document.createElement("bdi");
  inner.textContent = text;
  made.append(inner);
  return made;
}

function questionCell([id, , excerpt, page, turns], turn, names) {
  const made = element("th", page ? "" : id, { scope: "row" });
  if (page) {
    const link = element("a", id);
    link.href = `${section.dataset.root}${page}#left=${encodeURIComponent(names[0])}&right=${encodeURIComponent(names[1])}`;
    made.replaceChildren(link);
  }
  if (turns > 1) made.append(" ", element("span", `turn ${turn}`, { kind: "turn-number" }));
  const note = element("span", excerpt, { kind: "note" });
  note.dir = "auto";
  made.append(note);
  return made;
}

function rowOf(shared, names, { question, turn, first, second }) {
  const about = shared.questions[question];
  const row = document.createElement("tr");
  row.dataset.category = about[1];
  row.dataset.side = first > second ? "a" : first < second ? "b" : "tie";
  row.append(questionCell(about, turn, names), element("td", about[1]));
  for (const text of [shortly(first), shortly(second), signed(second - first)]) row.append(element("td", text, { kind: "number" }));
  return row;
}

function joined(left, right) {
  const scores = new Map(left.map(([question, turn, score]) => [`${question} ${turn}`, score]));
  return right
    .filter(([question, turn]) => scores.has(`${question} ${turn}`))
    .map(([question, turn, second]) => ({ question, turn, first: scores.get(`${question} ${turn}`), second }))
    .sort((x, y) => x.second - x.first - (y.second - y.first));
}

function leadOf({ models, differences }, names) {
  const [a, b] = names.map((name) => models.indexOf(name));
  const known = differences.find(([x, y]) => (x === a && y === b) || (x === b && y === a));
  if (!known) return "Nothing is known of their difference.";
  const turn = known[0] === a ? 1 : -1;
  const ends = known.slice(3).map((end) => turn * end).sort((x, y) => x - y);
  const lead = `${names[1]}'s mean score is ${signed(turn * known[2])} against ${names[0]}'s`;
  if (!ends.length) return `${lead}; there are too few questions for an interval.`;
  const sure = ends[0] > 0 || ends[1] < 0 ? "more than chance would explain" : "no more than chance would explain";
  return `${lead} (95 % interval ${ends.map(shortly).join(" to ")}): ${sure} on questions like these.`;
}

function filterScores() {
  const [category, side] = ["category", "side"].map((name) => part(name).value);
  const rows = all("tr", part("rows"));
  for (const row of rows) row.hidden = Boolean((category && row.dataset.category !== category) || (side && row.dataset.side !== side));
  const shown = rows.filter((row) => !row.hidden).length;
  part("count").textContent = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
}

function showScores(shared, names, rows) {
  part("head").textContent = `${names[0]} vs. ${names[1]}`;
  part("lead").textContent = leadOf(shared, names);
  part("a").textContent = names[0];
  part("b").textContent = names[1];
  part("rows").replaceChildren(...rows.map((row) => rowOf(shared, names, row)));
  const categories = [...new Set(rows.map(({ question }) => shared.questions[question][1]))];
  part("category").replaceChildren(new Option("all", ""), ...categories.map((name) => new Option(name, name)));
  section.hidden = false;
  filterScores();
}

async function compareScores() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const names = ["left", "right"].map((side) => wanted.get(side));
  if (names.includes(null)) return;
  const shared = await judgebench.load(section.dataset.key, section.dataset.piece);
  const places = names.map((name) => shared.models.indexOf(name));
  if (places.some((place) => place < 0)) return;
  all(".choose select").forEach((select, side) => {
    select.value = names[side];
  });
  const keys = places.map((place) => shared.keys[place]);
  const [left, right] = await Promise.all(keys.map((key) => judgebench.load(key, `${section.dataset.root}pieces/${key}.js`)));
  showScores(shared, names, joined(left, right));
}

const compareOrTell = () =>
  compareScores().catch((error) => {
    section.hidden = false;
    part("lead").textContent = `${error.message}.`;
  });

window.addEventListener("hashchange", compareOrTell);
for (const name of ["category", "side"]) part(name).addEventListener("change", filterScores);
compareOrTell();
