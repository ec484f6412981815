"use strict";
// ---- Two models side by side; the choice lives in the address, so that links to it work and outlive a rebuild.

const sides = all("select[data-side]");
const chosen = () => sides.map((select) => select.value);

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  ["left", "right"].forEach((name, side) => {
    const value = wanted.get(name);
    if (value !== null && all("option", sides[side]).some((option) => option.value === value)) sides[side].value = value;
  });
}

function address() {
  const [left, right] = chosen().map(encodeURIComponent);
  return `#left=${left}&right=${right}`;
}

function showChosen() {
  const [left, right] = chosen();
  for (const answer of all(".answer")) {
    const { model } = answer.dataset;
    answer.classList.toggle("off", model !== left && model !== right);
    answer.classList.toggle("first", model === left);
  }
  for (const { dataset, classList } of all(".pairwise")) {
    const pair = (dataset.a === left && dataset.b === right) || (dataset.a === right && dataset.b === left);
    classList.toggle("off", !pair);
  }
  for (const list of all(".outcomes")) one(".none", list).classList.toggle("off", !right || one(".pairwise:not(.off)", list));
  for (const part of all(".comparisons")) part.classList.toggle("off", !one(".pairwise:not(.off)", part));
  for (const link of all(".walk nav a")) link.hash = address();
}

function setUpChoice() {
  let before = chosen();
  const show = () => {
    showChosen();
    before = chosen();
  };
  sides.forEach((select, side) =>
    select.addEventListener("change", () => {
      const other = sides[1 - side];
      if (select.value === other.value) other.value = before[side]; // the same model twice: change places
      if (!sides[0].value) [sides[0].value, sides[1].value] = [before[0], ""];
      history.replaceState(null, "", address());
      show();
    }),
  );
  const readAndShow = () => {
    readAddress();
    show();
  };
  window.addEventListener("hashchange", readAndShow);
  window.addEventListener("pageshow", readAndShow);
  readAndShow();
}

if (sides.length === 2) setUpChoice();
