"use strict";
// The page to vote on: shows a match, takes the vote, moves on. Texts are shown by textContent, answers by sanitised().

const voting = document.getElementById("voting");
const part = (id) => document.getElementById(id);
const store = new Store(voting.dataset.site, new URL(voting.dataset.root, location.href).pathname);
const CHOICES = { 1: "model_a", a: "model_a", 2: "model_b", b: "model_b", 3: "tie", t: "tie", 4: "tie (bothbad)", x: "tie (bothbad)" };

let ballot = null; // the set's piece
let match = null; // { question, models, turn, turns }, as draw() gives it
let texts = null; // { prompts, references, answers: [A, B] }, once it is shown: there is no vote before
let asked = 0; // counts what was asked for, so that a piece that comes late is not shown

const chosenSet = () => part("ballot").value;
const rowsHere = () => store.votes.filter((row) => row.question_set === chosenSet());
const mine = () => rowsHere().filter((row) => row.voter === store.voter);
const voterHere = () => JSON.stringify([store.voter, chosenSet()]);
const passed = () => new Set(store.settings.passed[voterHere()] || []);

// ---- Moving on.

function emptied(title) {
  texts = null;
  part("turns").replaceChildren();
  part("match-about").textContent = "";
  part("again").hidden = true;
  part("match-title").textContent = title;
}

function finished(focus) {
  emptied("You have seen every match of this set");
  const skipped = passed().size;
  if (skipped) {
    const button = made("button", { type: "button" }, `Show the ${plural(skipped, "skipped one")} again`);
    button.addEventListener("click", () => keepPassed([]) || next(true));
    part("turns").append(made("p", { class: "choices" }, button));
  }
  if (focus) part("match-title").focus();
  refresh();
}

const load = (key, address) => judgebench.load(key, voting.dataset.root + address);

// What is said of the question, and in the pieces of its own page the two answers: only these are taken from there.
async function loadTexts({ question, models }) {
  const keys = models.map((model) => `${question.folder}/${ballot.files[model]}`);
  const [about, ...answers] = await Promise.all([load(question.key, question.address), ...keys.map((key) => load(key, `${key}.js`))]);
  return { ...about, answers };
}

async function next(focus) {
  await show(draw(ballot, rowsHere(), passed(), store.voter, chosenSet()), focus);
}

async function show(wanted, focus) {
  const ask = (asked += 1);
  const before = match;
  match = wanted;
  if (!match) return finished(focus);
  const goesOn = texts && before && before.question === match.question && `${before.models}` === `${match.models}`;
  if (!goesOn || match.turn !== before.turn + 1) emptied("Loading a match");
  texts = null; // no vote before the new answers are shown
  refresh();
  try {
    const loaded = await loadTexts(match);
    if (ask !== asked) return undefined;
    texts = loaded;
  } catch (error) {
    if (ask === asked) failedToLoad(error, () => show(wanted, true));
    return undefined;
  }
  showMatch(focus);
  refresh();
  return undefined;
}

function failedToLoad(error, retry) {
  emptied("The match could not be loaded");
  say(`${error.message}. Was the site rebuilt or moved? Reload the page.`);
  part("again").hidden = false;
  one("button", part("again")).onclick = retry;
}

// ---- Voting.

function whoItWas(row) {
  return store.settings.names && !undecided(row) ? ` (A was ${quoted(row.model_a)}, B was ${quoted(row.model_b)})` : "";
}

// Whether a vote is on a conversation whose next turn is still to be voted on: its models stay unnamed.
const undecided = (row) => Boolean(match && ballot && row.question_set === chosenSet() && unitOf(row) === unitOf(rowNow()));

async function vote(winner) {
  if (!texts) return;
  const answer_ids = texts.answers.map((answer) => answer.id);
  const row = { ...rowNow(), winner, voter: store.voter, tstamp: Date.now() / 1000, answer_ids };
  store.add(row);
  const shown = next(true); // the models stay unnamed if it goes on with their next turn
  say(`Recorded: ${WINNERS[winner]}${whoItWas(row)}.`);
  await shown;
}

function keepPassed(units) {
  store.set({ passed: { ...store.settings.passed, [voterHere()]: [...units] } });
}

function skip() {
  if (!texts) return;
  keepPassed([...passed(), unitOf(rowNow())]);
  say("Skipped.");
  next(true);
}

function undo() {
  const row = mine().at(-1);
  if (!row) return say("There is no vote of yours to undo.");
  store.remove(row);
  keepPassed([...passed()].filter((unit) => unit !== unitOf(row))); // a conversation that was left half-way is open again
  const saved = row.tstamp <= store.settings.saved;
  say(`Undone: ${WINNERS[row.winner]}.${saved ? " It stands in a file that you saved: where that was imported, the workspace keeps it." : ""}`);
  const again = matchOf(ballot, row);
  return again ? show(again, true) : next(true);
}

// ---- Setting up.

async function choose(focus) {
  const { value, dataset } = part("ballot").selectedOptions[0];
  const ask = (asked += 1);
  [ballot, match] = [null, null];
  emptied("Loading a match");
  history.replaceState(null, "", `#set=${encodeURIComponent(value)}`);
  try {
    const piece = await load(dataset.key, dataset.address);
    if (ask !== asked) return;
    ballot = piece;
    offerElsewhere();
  } catch (error) {
    failedToLoad(error, () => choose(true));
    return;
  }
  await next(focus);
}

function fromAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1)).get("set");
  const known = all("option", part("ballot")).some((option) => option.value === wanted);
  if (!known || (ballot && wanted === chosenSet())) return;
  part("ballot").value = wanted;
  if (ballot) choose(false);
}

function onKey(event) {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented || part("sure").open;
  if (busy || !store.settings.keys || event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  const key = event.key.toLowerCase();
  if (Object.hasOwn(CHOICES, key)) vote(CHOICES[key]);
  else if (key === "s") skip();
  else if (key === "u" && ballot) undo();
}

function setUp() {
  part("voter").value = store.settings.voter;
  part("names").checked = store.settings.names;
  part("keys").checked = store.settings.keys;
  part("voter").addEventListener("change", () => {
    store.set({ voter: part("voter").value.trim() });
    refresh();
  });
  for (const id of ["names", "keys"]) {
    part(id).addEventListener("change", () => {
      store.set({ [id]: part(id).checked });
      say(""); // it may hold names
      refresh();
    });
  }
  for (const button of all("[data-winner]")) button.addEventListener("click", () => vote(button.dataset.winner));
  const clicks = { skip, undo, save, copy, bring: () => part("file").click(), clear: askToClear };
  for (const [id, act] of Object.entries(clicks)) part(id).addEventListener("click", act);
  part("file").addEventListener("change", () => bring(part("file").files[0]));
  part("sure").addEventListener("click", answered);
  part("ballot").addEventListener("change", () => choose(false));
  for (const id of ["as-list", "as-text"]) part(id).addEventListener("toggle", refresh);
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", fromAddress);
  window.addEventListener("storage", (event) => {
    if (event.key !== store.keys.votes) return;
    store.read();
    const here = match && rowNow();
    const voted = here && mine().some((row) => row.turn === here.turn && unitOf(row) === unitOf(here));
    if (voted) next(false);
    else refresh();
  });
  window.addEventListener("beforeunload", (event) => {
    if (store.unstored && store.votes.length) event.preventDefault();
  });
  voting.hidden = false;
}

setUp();
fromAddress();
choose(false);
