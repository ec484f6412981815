"use strict";
// ---- Filters of the lists of matches and of questions; their state is in the address, so that links keep it.
// A list may have a test of its own: TESTS maps its id to a function (state) -> promise of (row) -> boolean.

const TESTS = new Map();

const fieldsOf = (bar) => [
  ...all("select[data-filter]", bar).map((select) => [select.dataset.filter, select]),
  ...all("[data-filter-text]", bar).map((field) => ["q", field]),
];

// What a field is called in the address: of several lists of a page, each has a prefix of its own.
const addressName = (bar, name) => (bar.dataset.prefix || "") + name;

function readFilters(bar) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const [name, field] of fieldsOf(bar)) {
    const value = wanted.get(addressName(bar, name)) || "";
    const known = field.localName !== "select" || all("option", field).some((option) => option.value === value);
    field.value = known ? value : "";
  }
}

// A choice is a step that the browser goes back over; a letter isn't.
function writeFilters(bar, chosen) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const [name, field] of fieldsOf(bar)) {
    if (field.value) wanted.set(addressName(bar, name), field.value);
    else wanted.delete(addressName(bar, name));
  }
  history[chosen ? "pushState" : "replaceState"](null, "", `#${wanted}`);
}

const stateOf = (bar) => Object.fromEntries(fieldsOf(bar).map(([name, field]) => [name, field.value]));

// What each row says of itself: equal values, and all words of the search, where it has a text to search.
function fits({ dataset }, state) {
  const words = state.q ? state.q.toLowerCase().split(/\s+/).filter(Boolean) : [];
  const equal = Object.entries(state).every(([name, value]) => !value || dataset[name] === undefined || dataset[name] === value);
  return equal && (dataset.text === undefined || words.every((word) => dataset.text.includes(word)));
}

function setUpFilters(bar) {
  const id = bar.dataset.filters;
  const rows = all("tbody tr", document.getElementById(id));
  const count = one(".count", bar);
  let asked = 0;
  const apply = async () => {
    const mine = (asked += 1);
    const state = stateOf(bar);
    try {
      const test = TESTS.has(id) ? await TESTS.get(id)(state) : () => true;
      if (mine !== asked) return; // another letter was typed meanwhile
      for (const row of rows) row.hidden = !(fits(row, state) && test(row));
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
    } catch (error) {
      count.textContent = `${error.message}.`;
    }
  };
  const read = () => {
    readFilters(bar);
    apply();
  };
  bar.addEventListener("input", ({ target }) => {
    writeFilters(bar, target.localName === "select");
    apply();
  });
  window.addEventListener("hashchange", read);
  window.addEventListener("pageshow", read); // a browser that goes back restores the fields without an event
  read();
}

document.addEventListener("DOMContentLoaded", () => all("[data-filters]").forEach(setUpFilters));
