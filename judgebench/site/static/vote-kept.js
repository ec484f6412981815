"use strict";
// The votes of this browser: counted, listed, saved, brought back, cleared.

const LISTED = 200; // the file has them all

function refresh() {
  part("trouble").textContent = store.problem;
  part("trouble").hidden = !store.problem;
  const unsaved = store.votes.filter((row) => row.tstamp > store.settings.saved).length;
  const told = [`${plural(store.votes.length, "vote")} in this browser`, `${mine().length.toLocaleString("en")} of yours in this set`];
  const there = ballot ? ` The set has ${plural(matchesOf(ballot), "match", "matches")} to vote on.` : "";
  part("count").textContent = `${told.join(", ")}.${there} ${unsaved ? `${plural(unsaved, "vote")} not yet saved to a file.` : ""}`;
  for (const id of ["save", "copy", "clear"]) part(id).disabled = !store.votes.length;
  part("undo").disabled = !mine().length;
  part("skip").disabled = !texts;
  for (const button of all("[data-winner]")) button.disabled = !texts;
  part("voter-note").textContent = store.settings.voter ? "" : `Without one your votes are by “${store.voter}”.`;
  if (part("as-list").open) listVotes();
  if (part("as-text").open) part("text").value = linesOf(store.votes);
}

function listed(row) {
  const [set, id] = [row.question_set, row.question_id].map((name) => made("bdi", {}, name));
  return made("li", {}, set, ", question ", id, `, turn ${row.turn}: ${WINNERS[row.winner]}${whoItWas(row)}`);
}

function listVotes() {
  const rows = [...store.votes].reverse();
  const list = one("ol", part("as-list"));
  list.start = rows.length;
  list.replaceChildren(...rows.slice(0, LISTED).map(listed));
  const older = Math.max(0, rows.length - LISTED);
  one("p", part("as-list")).textContent = older ? `${plural(older, "older vote")} not listed; the file has them all.` : "";
}

const markSaved = () => store.set({ saved: Math.max(...store.votes.map((row) => row.tstamp)) });

function save() {
  const name = store.voter.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const href = URL.createObjectURL(new Blob([linesOf(store.votes)], { type: "application/jsonl" }));
  const link = made("a", { href, download: `votes-${name || "people"}.jsonl` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
  markSaved();
  refresh();
  say(`${plural(store.votes.length, "vote")} saved as ${link.download}.`, "kept-said");
}

async function copy() {
  try {
    await navigator.clipboard.writeText(linesOf(store.votes));
    markSaved();
    say(`${plural(store.votes.length, "vote")} copied: paste them into a file whose name ends in .jsonl.`, "kept-said");
  } catch {
    part("as-text").open = true;
    part("text").value = linesOf(store.votes);
    part("text").focus();
    part("text").select();
    say("This browser does not let the page copy. The votes are selected below: copy them from there.", "kept-said");
  }
  refresh();
}

async function bring(file) {
  if (!file) return;
  const { rows, unread } = readLines(await file.text());
  const added = store.bring(rows);
  const not = unread ? `; ${plural(unread, "line")} of it ${unread === 1 ? "is" : "are"} no vote of this page` : "";
  say(`${plural(rows.length, "vote")} in the file, ${added} new here${not}.`, "kept-said");
  part("file").value = "";
  await next(false);
}

function offerElsewhere() {
  const found = store.elsewhere((row) => row.question_set === chosenSet() && matchOf(ballot, row) !== null);
  part("elsewhere").hidden = !found.length;
  one("span", part("elsewhere")).textContent = `This browser also holds ${plural(found.length, "vote")} on these questions and models from a site in another place.`;
  one("button", part("elsewhere")).onclick = () => {
    say(`${plural(store.bring(found), "vote")} brought here.`, "kept-said");
    offerElsewhere();
    next(false);
  };
}

function askToClear() {
  const unsaved = store.votes.filter((row) => row.tstamp > store.settings.saved).length;
  part("sure-title").textContent = `Clear ${plural(store.votes.length, "vote")} from this browser?`;
  one("p", part("sure")).textContent = unsaved
    ? `${plural(unsaved, "vote")} of them ${unsaved === 1 ? "was" : "were"} never saved to a file, and would be lost.`
    : "All of them were saved to a file before.";
  part("sure").showModal();
}

async function answered(event) {
  const button = event.target.closest("[data-answer]");
  if (!button) return;
  part("sure").close(); // the browser gives the focus back to the button that opened it
  if (button.dataset.answer !== "clear") return;
  const count = store.votes.length;
  store.clear();
  say(`${plural(count, "vote")} cleared.`, "kept-said");
  await next(false);
}
