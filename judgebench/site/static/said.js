"use strict";
// ---- Answers and verdicts of a piece -> what the macros of templates/question.html make of them.

const notes = (words) => words && made("p", { class: "about" }, words.join(" · "));

function prose({ html, cut, lang }) {
  const left = cut && made("p", { class: "cut" }, `… cut here, ${cut.toLocaleString("en")} characters more; the table has them all.`);
  return [made("div", { class: "prose", dir: "auto", lang: lang || "" }, sanitised(html || "")), left];
}

function verdictOf({ order, verdict, error }) {
  const words = made("strong", verdict ? {} : { class: "failed" }, verdict || error);
  return [order && [made("span", { class: "by" }, made("bdi", {}, order), ":"), " "], words];
}

function shownTo({ frame, models, mark, again }) {
  const about = { "data-frame": frame || 0, "data-models": JSON.stringify(models), "data-mark": mark || "" };
  return made("div", { class: "shown", ...about, ...(again ? { "data-again": "" } : {}) });
}

function written({ notes: words, flags, explanation, shown }) {
  const flagged = flags && `${flags.join("; ")}. What the judge read looks as if it gave orders.`;
  return [
    notes(words),
    flags && made("p", { class: "flagged" }, made("strong", {}, "Flagged:"), ` ${flagged}`),
    explanation && prose(explanation),
    shown && shownTo(shown),
  ];
}

function reviews(all = []) {
  if (all.length > 2) {
    return all.map((one) => made("details", { class: "review" }, made("summary", {}, verdictOf(one)), written(one)));
  }
  return all.map((one) => made("article", { class: "review" }, made("p", { class: "verdict" }, verdictOf(one)), written(one)));
}

function graded({ judge, reviews: all }) {
  return made("section", { class: "graded" }, made("h4", {}, "Graded by ", made("bdi", {}, judge)), reviews(all));
}

function score({ told, judge }) {
  return made("span", { class: "score" }, told, " ", made("span", { class: "by" }, "by ", made("bdi", {}, judge)));
}

function answer({ model, body, error, notes: words, judges = [], samples = [] }) {
  const sample = (one) => made("details", { class: "sample" }, made("summary", {}, "Another sample of this answer"), prose(one));
  return made(
    "article",
    { class: "answer", "data-model": model },
    made("h3", {}, made("bdi", {}, model), judges.map((one) => [" ", score(one)])),
    error && made("p", { class: "failed" }, error),
    notes(words),
    body && made("div", { class: "body" }, prose(body)),
    samples.map(sample),
    judges.map(graded),
  );
}

function outcomes({ judges, panel }) {
  const line = ({ outcome, judge, told }) => {
    const words = [made("bdi", {}, judge), ": ", made("strong", {}, told)];
    return made("li", { class: "pairwise" }, made("span", { class: `swatch ${outcome}` }), " ", words);
  };
  return made("ul", { class: "outcomes" }, panel && made("li", { class: "panel" }, panel), judges.map(line));
}

function comparisons({ judges }) {
  const section = ({ judge, told, reviews: all }) => {
    const title = made("h4", {}, made("bdi", {}, judge), " ", made("span", { class: "by" }, told));
    return made("section", { class: "judge" }, title, made("div", { class: "columns" }, reviews(all)));
  };
  return made("section", { class: "comparisons" }, made("h3", {}, "What the judges wrote of the two"), judges.map(section));
}

// All that is said in one turn: by one model or two, and by the judges of the pair.
function saidIn(answers, comparison) {
  const compared = Boolean(comparison && comparison.judges);
  const none = answers.length > 1 && !compared && made("p", { class: "about" }, "No judge compared these two answers.");
  return [
    compared ? outcomes(comparison) : none,
    made("div", { class: "columns answers" }, answers.map(answer)),
    compared && comparisons(comparison),
  ].filter(Boolean);
}
