"use strict";
// ---- Tables that a click on a column's head sorts, and another turns round; the order is in the address.

const COLLATOR = new Intl.Collator(undefined, { numeric: true });
const NOTHING = "\u2013"; // in place of a figure that there is none of: last in either order

function wordsOf(cell) {
  if (cell.dataset.sort !== undefined) return cell.dataset.sort;
  const copy = cell.cloneNode(true);
  all(".note, svg", copy).forEach((part) => part.remove());
  return copy.textContent.trim();
}

const figureOf = (words) => parseFloat(words.replace("\u2212", "-").replace(/,(?=\d{3})/g, ""));

// Rows by a column; equal ones stay as they were.
function sorted(rows, place, numbers, down) {
  const keyed = rows.map((row) => {
    const words = wordsOf(row.cells[place]);
    const key = numbers ? figureOf(words) : words;
    return { row, key, none: words === "" || words === NOTHING || Number.isNaN(key) };
  });
  const compare = (a, b) => a.none - b.none || (a.none ? 0 : (numbers ? a.key - b.key : COLLATOR.compare(a.key, b.key)) * (down ? -1 : 1));
  return keyed.sort(compare).map(({ row }) => row);
}

// `3` is the fourth column upwards, `-3` downwards.
function setUpSorting(table) {
  const [body] = table.tBodies;
  const first = [...body.rows]; // the order of the page, which no choice brings back
  const heads = [...table.tHead.rows[0].cells];
  const name = `${table.dataset.prefix || ""}sort`;
  const chosen = () => new URLSearchParams(location.hash.slice(1)).get(name) || "";
  const apply = () => {
    const [, minus, digits] = chosen().match(/^(-?)(\d+)$/) || [];
    const head = heads[digits];
    for (const one of heads) one.removeAttribute("aria-sort");
    if (head) head.setAttribute("aria-sort", minus ? "descending" : "ascending");
    table.classList.toggle("resorted", Boolean(head));
    body.append(...(head ? sorted(first, Number(digits), head.classList.contains("number"), minus) : first));
  };
  heads.forEach((head, place) => {
    if (!head.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorts";
    button.append(...head.childNodes);
    head.append(button);
    // Figures begin with the largest; the third time brings the order of the page back.
    const turns = head.classList.contains("number") ? [`-${place}`, `${place}`, ""] : [`${place}`, `-${place}`, ""];
    button.addEventListener("click", () => {
      const wanted = new URLSearchParams(location.hash.slice(1));
      const next = turns[turns.indexOf(chosen()) + 1] ?? turns[0];
      if (next) wanted.set(name, next);
      else wanted.delete(name);
      history.pushState(null, "", `#${wanted}`);
      apply();
    });
  });
  window.addEventListener("hashchange", apply);
  window.addEventListener("popstate", apply);
  if (chosen()) apply();
}

all("table.standing, #match-list, #question-list").forEach(setUpSorting);
