"use strict";
// ---- The list of questions: how a chosen pair came out, what to look at, and where a search found its words.

const settings = JSON.parse(document.getElementById("list-settings").textContent);
const listBar = one('[data-filters="question-list"]');
const listRows = all("#question-list tbody tr");

const loadPiece = (key) => judgebench.load(key, `${listBar.dataset.root}pieces/${key}.js`);
const modelsOf = (row) => settings.sets[row.dataset.set].models;
const read = (digits, place) => parseInt((digits || "").slice(2 * place, 2 * place + 2) || "0", 16);

// A question's marks for the chosen models: of the pair, or of all that one model is in. `a` is the one chosen first.
function marksOf(row, { left, right }, marks) {
  const number = Number(row.dataset.number);
  const [first, second] = [left, right].map((model) => modelsOf(row).indexOf(model));
  let bits = read(marks.models[first], number) | (right ? read(marks.models[second], number) : 0);
  for (const [pair, digits] of Object.entries(marks.pairs)) {
    const places = pair.split("-").map(Number);
    if (places.includes(first) && (!right || places.includes(second))) bits |= read(digits, number);
  }
  const { a, b } = settings.bits;
  const swapped = right && first > second;
  return swapped ? (bits & ~(a | b)) | (bits & a ? b : 0) | (bits & b ? a : 0) : bits;
}

async function marksTest(state) {
  const { left, right, outcome, flag } = state;
  const holds = (row) => [left, right].every((model) => !model || modelsOf(row).includes(model));
  if (!(left || right) || (!outcome && !flag)) {
    return (row) => holds(row) && (!flag || row.dataset.flags.split(" ").includes(flag));
  }
  const chosen = left ? state : { ...state, left: right, right: "" };
  const sets = Object.entries(settings.sets).filter(([, { models }]) => [left, right].every((one) => !one || models.includes(one)));
  const marks = new Map(await Promise.all(sets.map(async ([name, { marks: key }]) => [name, await loadPiece(key)])));
  const wanted = [outcome, flag].filter(Boolean).map((name) => settings.bits[name]);
  return (row) => {
    if (!holds(row)) return false;
    const bits = marksOf(row, chosen, marks.get(row.dataset.set));
    return wanted.every((bit) => bits & bit);
  };
}

// ---- Search: a row is found by its question, or by the answers of models (of the chosen ones, where some are chosen).

function hits(documents, { left, right }) {
  const found = new Map();
  for (const number of documents) {
    const [position, place] = [Math.floor(number / settings.width), number % settings.width];
    const row = listRows[position];
    const model = place ? modelsOf(row)[place - 1] : "";
    if (model && (left || right) && ![left, right].includes(model)) continue;
    found.set(row, [...(found.get(row) || []), model]);
  }
  return found;
}

function toldOf(models) {
  const named = models.filter(Boolean);
  if (!named.length) return "";
  const rest = named.length > 3 ? ` and ${named.length - 3} more` : "";
  return `Found in ${models[0] ? "" : "the question and "}${named.length === 1 ? "the answer" : "answers"} of ${named.slice(0, 3).join(", ")}${rest}`;
}

function mark(row, models, { left, right }) {
  const link = one("a", row);
  const [first] = (models || []).filter(Boolean);
  const side = (name, model) => (model ? `${name}=${encodeURIComponent(model)}` : "");
  const pair = left || right ? [side("left", left || right), side("right", left && right)] : [side("left", models && models[0] ? first : "")];
  link.hash = pair.filter(Boolean).join("&");
  all(".found", row).forEach((element) => element.remove());
  const told = models ? toldOf(models) : "";
  if (!told) return;
  const note = Object.assign(document.createElement("span"), { className: "note found", textContent: told });
  link.parentElement.append(note);
}

// ---- Both together.

const outcomeField = one('[data-filter="outcome"]', listBar);

TESTS.set("question-list", async (state) => {
  if (state.left === state.right) state.right = "";
  const pair = Boolean(state.left && state.right);
  if (outcomeField) {
    outcomeField.disabled = !pair;
    const names = [state.left, state.right].map((name) => (pair ? `${name} wins` : ""));
    ["a", "b"].forEach((value, side) => {
      const option = all("option", outcomeField).find((one) => one.value === value);
      option.textContent = names[side] || ["the first wins", "the second wins"][side];
    });
  }
  if (!pair) state.outcome = "";
  const [test, documents] = await Promise.all([marksTest(state), lookUp(state.q || "", settings.search, listBar.dataset.root)]);
  const found = documents && hits(documents, state);
  return (row) => {
    mark(row, found && found.get(row), state);
    return test(row) && (!found || found.has(row));
  };
});

if (new URLSearchParams(location.hash.slice(1)).get("q") !== null) one("[data-filter-text]", listBar).focus();
