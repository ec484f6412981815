"use strict";
// ---- Two models side by side; the choice lives in the address, so that links to it work and outlive a rebuild.

const bar = one(".chooser");
const sides = all("select[data-side]", bar);
const root = bar.dataset.root;
let page = bar.dataset.page; // the name of the question that is shown
let places = all(".said");
let turnWanted = "";
let comparing = false;

function chosen() {
  return sides.length ? sides.map((select) => select.value) : [onlyModel, ""];
}
const onlyModel = sides.length ? "" : one(".answer").dataset.model;

// What the page came with needs no piece.
const cameWith = { page, pair: chosen().join("\n"), contents: places.map((place) => [...place.childNodes]) };

function address(turn = turnWanted) {
  const [left, right] = chosen().map(encodeURIComponent);
  return `#left=${left}&right=${right}${turn && `&turn=${turn}`}`;
}

// What the address asks for; a model that isn't there (any more) leaves the choice as it is.
function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  ["left", "right"].forEach((name, side) => {
    const value = wanted.get(name);
    const known = value !== null && sides[side] && all("option", sides[side]).some((option) => option.value === value);
    if (known) sides[side].value = value;
  });
  if (sides.length && sides[0].value === sides[1].value) sides[1].value = "";
  turnWanted = /^[0-9]{1,3}$/.test(wanted.get("turn") || "") ? wanted.get("turn") : "";
}

// ---- What is said by the chosen models, from the page itself or from their pieces.

const load = (key) => judgebench.load(key, `${root}${key}.js`);
const pieceOf = (name, side) => load(`pieces/questions/${name}/${sides[side].selectedOptions[0].dataset.piece}`);
const piecesOf = (name) => Promise.all((chosen()[1] ? [0, 1] : [0]).map((side) => pieceOf(name, side)));

// The comparisons of a pair are in the piece of the model that comes first in the set's order.
function comparisonsOf([left, right], pieces) {
  const order = all("option", sides[0]).map((found) => found.value);
  const earlier = order.indexOf(left) < order.indexOf(right) ? 0 : 1;
  return pieces[earlier].pairs[[right, left][earlier]] || [];
}

async function wanted() {
  const pair = chosen();
  if (page === cameWith.page && pair.join("\n") === cameWith.pair) return cameWith.contents;
  const pieces = await piecesOf(page);
  const compared = pair[1] ? comparisonsOf(pair, pieces) : [];
  return pieces[0].turns.map((_, turn) => saidIn(pieces.map((piece) => piece.turns[turn]), compared[turn]));
}

function replace(contents) {
  places.forEach((place, turn) => place.replaceChildren(...contents[turn]));
  places.forEach((place) => compareTurn(place, comparing));
  const prompts = `pieces/questions/${page}`;
  for (const place of all(".shown:not(:has(button))")) setUpShown(place, () => load(prompts));
}

let asked = 0;

async function showChosen() {
  const mine = (asked += 1); // a later choice makes an earlier one's answers stale
  for (const link of all(".walk nav a")) link.hash = address("");
  for (const link of all("h2 a[data-turn]")) link.hash = address(link.dataset.turn);
  let contents;
  try {
    contents = await wanted();
  } catch (error) {
    contents = places.map(() => [made("p", { class: "failed" }, `${error.message}.`)]);
  }
  if (mine !== asked) return;
  replace(contents);
  bar.dataset.shown = [page, ...chosen()].join(" ");
}

async function readAndShow() {
  readAddress();
  before = chosen();
  await showChosen();
  const turn = turnWanted && document.getElementById(`turn-${turnWanted}`);
  if (turn) turn.scrollIntoView();
}

// ---- Choosing.

let before = chosen();

function choose(left, right) {
  sides[0].value = left;
  sides[1].value = right;
  before = [left, right];
  history.replaceState(history.state, "", address());
  showChosen().then(() => fetchNeighbours());
}

sides.forEach((select, side) =>
  select.addEventListener("change", () => {
    let [left, right] = chosen();
    if (left === right) [left, right] = side ? [before[1], right] : [left, before[0]]; // the same twice: change places
    choose(...(left ? [left, right] : [right, ""]));
  }),
);

all("[data-swap]").forEach((button) =>
  button.addEventListener("click", () => sides[1].value && choose(sides[1].value, sides[0].value)),
);

all("[data-compare]").forEach((button) =>
  button.addEventListener("click", () => {
    comparing = !comparing;
    button.setAttribute("aria-pressed", String(comparing));
    places.forEach((place) => compareTurn(place, comparing));
  }),
);

window.addEventListener("hashchange", readAndShow);
window.addEventListener("pageshow", (event) => event.persisted && readAndShow());
readAndShow();
