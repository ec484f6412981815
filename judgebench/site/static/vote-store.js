"use strict";
// Where votes are kept: this browser's storage, under the site's own key. Where that can't be read or written the votes
// live in this tab, and `problem` says so. A vote is stored as the row of the file that `judgebench import votes` reads.

const WINNERS = { model_a: "A is better", model_b: "B is better", tie: "tie", "tie (bothbad)": "both are bad" };
const LETTERS_KEPT = "judgebench.letters"; // whether single letters act, for all pages

const sameVote = (row) =>
  JSON.stringify([row.question_set, row.question_id, row.turn, row.model_a, row.model_b, row.winner, row.voter, row.tstamp]);

function united(rows, more) {
  const byVote = new Map([...rows, ...more].map((row) => [sameVote(row), row]));
  return [...byVote.values()].sort((x, y) => x.tstamp - y.tstamp);
}

// A row of a file or of the storage with its known fields only, or null where it is no vote.
function voteOf(given) {
  const row = given !== null && typeof given === "object" ? given : {};
  const { question_set, question_id, turn, model_a, model_b, winner, voter, tstamp, answer_ids } = row;
  const texts = [question_set, question_id, model_a, model_b, voter];
  const ids = Array.isArray(answer_ids) && answer_ids.length === 2 ? answer_ids : [null];
  const sound =
    [...texts, ...ids].every((text) => typeof text === "string" && text !== "") &&
    Object.hasOwn(WINNERS, winner) && model_a !== model_b && Number.isInteger(turn) && turn > 0 && Number.isFinite(tstamp);
  return sound ? { question_set, question_id, turn, model_a, model_b, winner, voter, tstamp, answer_ids: [...ids] } : null;
}

const linesOf = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

function readLines(text) {
  const found = { rows: [], unread: 0 };
  for (const line of text.replace(/^\ufeff/, "").split("\n").filter((one) => one.trim())) {
    let row = null;
    try {
      row = voteOf(JSON.parse(line));
    } catch {
      row = null; // counted below, like JSON that is no vote
    }
    if (row) found.rows.push(row);
    else found.unread += 1;
  }
  return found;
}

class Store {
  // `site` is the workspace's, `path` where the site is: two sites that take turns at one address don't mix.
  constructor(site, path) {
    this.prefix = `judgebench votes|${site}|`;
    this.keys = { votes: this.prefix + path, aside: `judgebench aside|${site}|${path}`, settings: `judgebench voter|${site}|${path}` };
    this.problem = ""; // a sentence for the voter
    this.unstored = false; // whether there is something in this tab that the storage lacks
    this.gone = new Set(); // votes that were taken back here, should the storage still hold them
    this.votes = [];
    this.settings = { voter: "", names: false, keys: true, saved: 0, passed: {}, anonymous: "" };
    this.read();
    if (!this.settings.anonymous) {
      const drawn = crypto.getRandomValues(new Uint32Array(1))[0];
      this.set({ anonymous: `anonymous-${drawn.toString(16).padStart(8, "0")}` });
    }
  }

  get voter() {
    return this.settings.voter || this.settings.anonymous;
  }

  read() {
    const stored = this.stored();
    this.votes = this.unstored ? united(stored, this.votes) : stored;
    try {
      const told = JSON.parse(localStorage.getItem(this.keys.settings) || "{}");
      for (const name of Object.keys(this.settings)) {
        if (told && typeof told[name] === typeof this.settings[name] && told[name] !== null) this.settings[name] = told[name];
      }
      this.settings.keys = localStorage.getItem(LETTERS_KEPT) !== "off";
    } catch (error) {
      if (!(error instanceof SyntaxError)) this.failed(error); // settings that can't be read are set anew
    }
  }

  // The votes in the storage. What can't be read there is put aside, so that it is never just written over.
  stored() {
    try {
      const text = localStorage.getItem(this.keys.votes) || "";
      const found = readLines(text);
      if (found.unread) this.putAside(text, found.unread);
      return found.rows;
    } catch (error) {
      this.failed(error);
      return [];
    }
  }

  putAside(text, unread) {
    const what = `${unread} of the votes stored here can't be read`;
    try {
      const before = localStorage.getItem(this.keys.aside) || "";
      if (!before.includes(text)) localStorage.setItem(this.keys.aside, before + text);
      this.problem = `${what}; all that was stored is kept in this browser as “${this.keys.aside}”.`;
    } catch {
      this.problem = `${what}, and there is no room to keep them.`;
    }
  }

  // Change the votes as they are stored now: another tab may have added some. What could not be stored is still here.
  change(how) {
    const stored = this.stored().filter((row) => !this.gone.has(sameVote(row)));
    this.votes = how(this.unstored ? united(stored, this.votes) : stored);
    this.write(this.keys.votes, linesOf(this.votes));
  }

  set(changed) {
    Object.assign(this.settings, changed);
    if ("keys" in changed) this.write(LETTERS_KEPT, changed.keys ? "on" : "off");
    this.write(this.keys.settings, JSON.stringify(this.settings));
  }

  write(key, text) {
    try {
      localStorage.setItem(key, text);
      if (key === this.keys.votes && this.unstored) [this.unstored, this.problem] = [false, ""];
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error) {
    this.problem = `This browser does not keep votes for this page (${error.name}: its storage is full, or closed to the page). They last until this tab is closed: save them to a file before that.`;
    this.unstored = true;
  }

  add(row) {
    this.change((rows) => [...rows, row]);
  }

  remove(row) {
    this.gone.add(sameVote(row));
    this.change((rows) => rows.filter((one) => !this.gone.has(sameVote(one))));
  }

  clear() {
    for (const row of this.votes) this.gone.add(sameVote(row));
    this.change(() => []);
    this.set({ passed: {}, saved: 0 });
  }

  // Add votes of a file; how many of them are new here.
  bring(rows) {
    const before = this.votes.length;
    for (const row of rows) this.gone.delete(sameVote(row));
    this.change((held) => united(held, rows));
    return this.votes.length - before;
  }

  // Votes that fit, kept in this browser for a site of a workspace of this name in another place: it may have moved.
  elsewhere(fits) {
    const found = [];
    try {
      for (let at = 0; at < localStorage.length; at += 1) {
        const key = localStorage.key(at);
        const other = key.startsWith(this.prefix) && key !== this.keys.votes;
        if (other) found.push(...readLines(localStorage.getItem(key)).rows.filter(fits));
      }
    } catch {
      return []; // that the storage is closed is said where votes are read and written
    }
    const here = new Set(this.votes.map(sameVote));
    return found.filter((row) => !here.has(sameVote(row)));
  }
}
