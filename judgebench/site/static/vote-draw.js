"use strict";
// Which match comes next, and on which side each answer stands. Nothing here touches the page or the storage: the same
// voter with the same votes gets the same match again, so that a reload neither reshuffles nor skips.
//
// A ballot is a set's piece: models (names), votes ([model, model, votes] that the workspace holds), questions
// ({ id, models, turns, said }: who answered, how many turns, and for each of these the first answer that is the same up
// to there; no `said` where no two begin alike). A row is a vote as it is saved.

function seeded(words) {
  let state = 2166136261; // FNV-1a of the words seeds mulberry32
  for (let at = 0; at < words.length; at += 1) state = Math.imul(state ^ words.charCodeAt(at), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pairOf = (first, second) => (first < second ? `${first},${second}` : `${second},${first}`);
const unitOf = (row) => JSON.stringify([row.question_id, ...[row.model_a, row.model_b].sort()]);

function turnsOf(question, models) {
  return Math.min(...models.map((model) => question.turns[question.models.indexOf(model)]));
}

// The first turn in which two answers differ, 0 where they never do: up to there is nothing to compare.
function firstTurn(question, models) {
  if (!question.said) return 1;
  const [a, b] = models.map((model) => question.said[question.models.indexOf(model)]);
  return a.slice(0, b.length).findIndex((first, turn) => first !== b[turn]) + 1;
}

// The pairs, each with the questions that it answered differently.
function pairsOf(ballot) {
  if (ballot.pairs) return ballot.pairs;
  const found = new Map(); // "0,3" -> { models: [0, 3], questions }
  for (const question of ballot.questions) {
    question.models.forEach((first, at) => {
      for (const second of question.models.slice(at + 1)) {
        const key = pairOf(first, second);
        if (!firstTurn(question, [first, second])) continue;
        if (!found.has(key)) found.set(key, { key, models: [first, second], questions: [] });
        found.get(key).questions.push(question);
      }
    });
  }
  ballot.pairs = [...found.values()];
  return ballot.pairs;
}

const matchesOf = (ballot) => pairsOf(ballot).reduce((sum, { questions }) => sum + questions.length, 0);

const bump = (counts, key, by) => counts.set(key, (counts.get(key) || 0) + by);

// How often each pair, model and question was shown, and by how much more often as A than as B. The turns of a
// conversation count once.
function tally(ballot, rows) {
  const counts = { pairs: new Map(), pairLeads: new Map(), models: new Map(), leads: new Map(), questions: new Map() };
  const number = new Map(ballot.models.map((model, place) => [model, place]));
  const counted = new Set();
  for (const row of rows) {
    const [a, b] = [number.get(row.model_a), number.get(row.model_b)];
    const unit = row.voter + unitOf(row);
    if (a === undefined || b === undefined || counted.has(unit)) continue;
    counted.add(unit);
    bump(counts.pairs, pairOf(a, b), 1);
    bump(counts.pairLeads, pairOf(a, b), a < b ? 1 : -1); // of the model with the lower number
    bump(counts.questions, row.question_id, 1);
    for (const [model, lead] of [[a, 1], [b, -1]]) {
      bump(counts.models, model, 1);
      bump(counts.leads, model, lead);
    }
  }
  // The workspace may hold this browser's votes already: what both have is counted once.
  for (const [a, b, votes] of ballot.votes) {
    counts.pairs.set(pairOf(a, b), Math.max(votes, counts.pairs.get(pairOf(a, b)) || 0));
  }
  return counts;
}

// The least first, chance among equals.
function leastFirst(things, measures, random) {
  const measured = things.map((thing) => [thing, ...measures.map((measure) => measure(thing)), random()]);
  measured.sort((x, y) => {
    const at = x.findIndex((value, place) => place > 0 && value !== y[place]);
    return at < 0 ? 0 : x[at] - y[at];
  });
  return measured.map(([thing]) => thing);
}

// The one that has been A less often becomes A with a chance of 2/3 (Efron's biased coin, Biometrika 58, 1971): sides
// stay balanced for each pair, and nobody can know the next one.
function sidesOf({ key, models: [first, second] }, counts, random) {
  const lead = counts.pairLeads.get(key) || (counts.leads.get(first) || 0) - (counts.leads.get(second) || 0);
  const chance = lead === 0 ? 1 / 2 : lead > 0 ? 1 / 3 : 2 / 3;
  return random() < chance ? [first, second] : [second, first];
}

function matchOf(ballot, row) {
  const question = ballot.questions.find((one) => one.id === row.question_id);
  const models = [row.model_a, row.model_b].map((name) => ballot.models.indexOf(name));
  if (!question || !models.every((model) => question.models.includes(model)) || !firstTurn(question, models)) return null;
  return { question, models, turn: row.turn, turns: turnsOf(question, models) };
}

// The turn that follows the voter's last vote, where its conversation goes on.
function goneOn(ballot, mine, passed) {
  const last = mine[mine.length - 1];
  const match = last && !passed.has(unitOf(last)) ? matchOf(ballot, last) : null;
  if (!match || match.turn >= match.turns) return null;
  return { ...match, turn: Math.max(match.turn + 1, firstTurn(match.question, match.models)) };
}

// The next match { question, models: [A, B], turn, turns }, or null where the voter has seen them all. `rows`: all votes
// on this set in this browser; `passed`: the conversations that this voter skipped.
function draw(ballot, rows, passed, voter, set) {
  const mine = rows.filter((row) => row.voter === voter);
  const open = goneOn(ballot, mine, passed);
  if (open) return open;
  const seen = new Set([...mine.map(unitOf), ...passed]);
  const random = seeded(JSON.stringify([voter, set, seen.size]));
  const counts = tally(ballot, rows);
  const busy = (pair) => pair.models.reduce((sum, model) => sum + (counts.models.get(model) || 0), 0);
  for (const pair of leastFirst(pairsOf(ballot), [({ key }) => counts.pairs.get(key) || 0, busy], random)) {
    const names = pair.models.map((model) => ballot.models[model]);
    const unseen = (one) => !seen.has(unitOf({ question_id: one.id, model_a: names[0], model_b: names[1] }));
    const left = pair.questions.filter(unseen);
    if (!left.length) continue;
    const [question] = leastFirst(left, [({ id }) => counts.questions.get(id) || 0], random);
    const [turn, turns] = [firstTurn(question, pair.models), turnsOf(question, pair.models)];
    return { question, models: sidesOf(pair, counts, random), turn, turns };
  }
  return null;
}
