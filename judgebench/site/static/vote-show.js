"use strict";
// How a match is shown, turn by turn: texts by textContent, answers by sanitised() (content.js). What is shown stands in
// vote.js: `ballot`, `match` and `texts`.

const plural = (count, noun, several = `${noun}s`) => `${count.toLocaleString("en")} ${count === 1 ? noun : several}`;

// A name inside a sentence: what runs from right to left stays among itself.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const quoted = (name) => (/^[ -~]*$/.test(name) ? name : `\u2068${name.replace(UNSEEN, "\ufffd")}\u2069`);

// What a screen reader is told as well: of a vote beside the choices, of the kept votes beside these.
function say(words, id = "said") {
  part(id).textContent = words;
}

function textShown(kind, { html, cut, lang }) {
  const note = cut > 0 && made("p", { class: "cut" }, `… cut here, ${plural(cut, "character")} more; the table has them all.`);
  return [made("div", { class: kind, dir: "auto", lang: lang || undefined }, sanitised(html || "")), note];
}

function answerShown(letter, { body }) {
  const content = body.html ? textShown("prose", body) : made("p", { class: "about" }, "(an empty answer)");
  return made("article", { class: "answer" }, made("h4", {}, `Answer ${letter}`), content);
}

function turnShown(turn) {
  const title = match.turns > 1 ? `Turn ${turn} of ${match.turns}` : "The question";
  const [prompt, reference] = [texts.prompts[turn - 1], texts.references[turn - 1]];
  const solved = reference && made("details", { class: "reference" }, made("summary", {}, "Reference answer"), textShown("prose", reference));
  const answers = texts.answers.map((answer, side) => answerShown("AB"[side], answer.turns[turn - 1]));
  return made(
    "section",
    { class: "turn" },
    made("h3", { tabindex: "-1" }, title),
    textShown("prompt", prompt),
    solved,
    made("div", { class: "columns" }, answers),
  );
}

function titleOf() {
  const turn = match.turns > 1 ? `, turn ${match.turn} of ${match.turns}` : "";
  return `Match ${new Set([...mine().map(unitOf), unitOf(rowNow())]).size}${turn}`;
}

function rowNow() {
  const [model_a, model_b] = match.models.map((model) => ballot.models[model]);
  return { question_set: chosenSet(), question_id: match.question.id, turn: match.turn, model_a, model_b };
}

function showMatch(focus) {
  const more = part("turns").childElementCount === match.turn - 1 && match.turn > 1;
  if (!more) part("turns").replaceChildren();
  for (let turn = part("turns").childElementCount + 1; turn <= match.turn; turn += 1) part("turns").append(turnShown(turn));
  part("match-title").textContent = titleOf();
  const named = [match.question.id, match.question.category].map((name) => made("bdi", {}, name));
  part("match-about").replaceChildren("Question ", named[0], " › ", named[1]);
  if (focus) (more ? one("section:last-child > h3", part("turns")) : part("match-title")).focus();
  if (focus && !more) part("match").scrollIntoView();
}
