"use strict";
// ---- Filters of the lists of matches and of questions.

function matches(row, wanted, words) {
  const text = row.dataset.text || "";
  return wanted.every(([name, value]) => row.dataset[name] === value) && words.every((word) => text.includes(word));
}

function setUpFilters(bar) {
  const rows = all("tbody tr", document.getElementById(bar.dataset.filters));
  const selects = all("select", bar);
  const search = one("[data-filter-text]", bar);
  const apply = () => {
    const wanted = selects.filter((select) => select.value).map((select) => [select.dataset.filter, select.value]);
    const words = search ? search.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
    for (const row of rows) row.hidden = !matches(row, wanted, words);
    const shown = rows.filter((row) => !row.hidden).length;
    one(".count", bar).textContent = shown === rows.length ? `${shown} shown` : `${shown} of ${rows.length} shown`;
  };
  bar.addEventListener("input", apply);
  window.addEventListener("pageshow", apply); // a browser that goes back restores the fields without an event
  apply();
}

all("[data-filters]").forEach(setUpFilters);
