"use strict";
// ---- What a judge was shown: the frame of its prompt with the texts in their places, loaded when it is asked for.

const SHOWN_BUTTON = "What the judge was shown";

function filled(part, about, piece) {
  if (typeof part === "string") return part;
  const [slot, turn] = part;
  if (slot === "n") return about.mark;
  if (slot === "q") return piece.question[turn - 1];
  if (slot === "r") return piece.reference[turn - 1];
  return piece.answers[about.models[slot === "a" ? 0 : 1]][turn - 1];
}

function messages(about, piece) {
  return piece.frames[about.frame].flatMap(([role, parts]) => [
    made("p", { class: "role" }, role),
    made("pre", { dir: "auto", lang: "", tabindex: "0" }, parts.map((part) => filled(part, about, piece)).join("")),
  ]);
}

const AGAIN = "What was sent isn't stored; this is the prompt of that name as it is now.";

function setUpShown(place, load) {
  const { frame, models, mark, again } = place.dataset;
  const about = { frame: Number(frame), models: JSON.parse(models), mark };
  const button = made("button", { type: "button", "aria-expanded": "false" }, SHOWN_BUTTON);
  const toggle = async () => {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    all(".role, pre, .about", place).forEach((element) => element.remove());
    if (!open) return;
    try {
      const piece = await load();
      if (button.getAttribute("aria-expanded") === "true" && !one("pre", place)) {
        place.append(...(again === undefined ? [] : [made("p", { class: "about" }, AGAIN)]), ...messages(about, piece));
      }
    } catch (error) {
      place.append(made("p", { class: "about" }, `${error.message}.`));
    }
  };
  button.addEventListener("click", toggle);
  place.append(button);
}
