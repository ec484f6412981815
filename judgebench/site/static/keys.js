"use strict";
// ---- Keys, the list of them, and the button that copies the link to what is shown.

const LETTERS = "judgebench.letters"; // "off": somebody who speaks to the computer doesn't want single letters to act

function letters(wanted) {
  try {
    if (wanted !== undefined) localStorage.setItem(LETTERS, wanted ? "on" : "off");
    return localStorage.getItem(LETTERS) !== "off";
  } catch {
    return wanted !== false; // a browser may keep nothing for files
  }
}

function setUpHelp(dialog) {
  const box = one("[data-letters]", dialog);
  box.checked = letters();
  box.addEventListener("change", () => letters(box.checked));
  one("[data-close]", dialog).addEventListener("click", () => dialog.close());
  all("[data-keys]").forEach((button) => button.addEventListener("click", () => dialog.showModal()));
}

// ---- The neighbouring question, or, in a list, the neighbouring row.

function step(by) {
  const link = one(`.walk a[rel="${by > 0 ? "next" : "prev"}"]`);
  if (link) link.click();
  const rows = all("#question-list tbody tr:not([hidden]) a");
  if (!rows.length) return;
  const place = rows.indexOf(document.activeElement);
  rows[place < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(place + by, 0), rows.length - 1)].focus();
}

function search() {
  const field = one("[data-filter-text]");
  const list = one(".walk a[data-list]");
  if (field) field.focus();
  else if (list) location.href = `${list.href}#q=`;
}

const press = (selector) => () => (one(selector) || { click() {} }).click();
const LETTER_KEYS = {
  j: () => step(1),
  k: () => step(-1),
  "/": search,
  "?": press("[data-keys]"),
  c: press("[data-copy]"),
  d: press("[data-compare]"),
  x: press("[data-swap]"),
};
const ARROWS = { ArrowRight: "next", ArrowLeft: "prev" };

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || one("dialog[open]");
  if (busy || target.closest("input, select, textarea")) return;
  if (ARROWS[key] && !event.shiftKey && !target.closest("pre, .scroll")) press(`.walk a[rel="${ARROWS[key]}"]`)();
  if (!Object.hasOwn(LETTER_KEYS, key) || !letters()) return;
  event.preventDefault(); // or the slash would be typed into the field
  LETTER_KEYS[key]();
});

// ---- Copy link: by the clipboard where a page may write to it, and otherwise by a field to copy from.

function linkField(value) {
  all(".link-field").forEach((earlier) => earlier.remove());
  const field = document.createElement("input");
  Object.assign(field, { className: "link-field", readOnly: true, value });
  field.setAttribute("aria-label", "Link to what is shown");
  field.addEventListener("blur", () => field.remove());
  return field;
}

function offerLink(button) {
  const field = linkField(location.href);
  button.after(field);
  field.focus();
  field.select();
  return "Copy it from the field";
}

async function copyLink(button) {
  const told = document.createElement("span");
  try {
    await navigator.clipboard.writeText(location.href);
    told.textContent = "Link copied";
  } catch {
    told.textContent = offerLink(button);
  }
  one(".copied", button.parentElement).replaceChildren(told);
  setTimeout(() => told.remove(), 4000);
}

all("[data-copy]").forEach((button) => button.addEventListener("click", () => copyLink(button)));
all(".keys-help").forEach(setUpHelp);
