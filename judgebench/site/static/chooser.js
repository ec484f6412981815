"use strict";
// ---- Two models chosen freely: the piece says which page shows them.

function addressOf({ models, pages, scored, scores }, left, right) {
  const [a, b] = [models.indexOf(left), models.indexOf(right)];
  const page = pages.find(([x, y]) => (x === a && y === b) || (x === b && y === a));
  if (page) return page[2];
  if (scores && a !== b && scored.includes(a) && scored.includes(b)) {
    return `${scores}#left=${encodeURIComponent(left)}&right=${encodeURIComponent(right)}`;
  }
  return null;
}

function setUpChooser(box) {
  const selects = all("select", box);
  const tell = one("output", box);
  one("button", box).addEventListener("click", () => {
    const [left, right] = selects.map((select) => select.value);
    judgebench.load(box.dataset.key, box.dataset.piece).then(
      (data) => {
        const address = addressOf(data, left, right);
        if (address) location.assign(box.dataset.root + address);
        else tell.textContent = left === right ? "Choose two different models." : "These two were not compared.";
      },
      () => {
        tell.textContent = "The list of pairs can't be loaded.";
      },
    );
  });
}

all(".choose").forEach(setUpChooser);
