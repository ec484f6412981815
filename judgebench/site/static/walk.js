"use strict";
// ---- The next question in the place of this one: its texts are pieces, loaded beforehand, and the address follows.
// A page that was opened as a file may not change its address; there, and where the set changes, links are just followed.

const nameOf = (path) => (/\/questions\/([^/]+)\.html$/.exec(path) || [])[1];
const frameOf = (name) => load(`pieces/pages/${name}`);

function walkLink(rel, neighbour) {
  if (!neighbour) return made("span");
  const keys = rel === "prev" ? "ArrowLeft k" : "ArrowRight j";
  const near = neighbour.near ? { "data-near": "" } : {};
  const name = made("bdi", {}, neighbour.text);
  const words = rel === "prev" ? ["← ", name] : [name, " →"];
  return made("a", { rel, href: root + neighbour.href, "aria-keyshortcuts": keys, ...near }, words);
}

function turnOf({ number, prompt, reference }, single) {
  const title = single ? "The question" : made("a", { href: `#turn-${number}`, "data-turn": number }, `Turn ${number}`);
  const [, cut] = prose(prompt);
  const words = made("div", { class: "prompt", dir: "auto", lang: prompt.lang || "" }, sanitised(prompt.html || ""));
  const known = reference && made("details", { class: "reference" }, made("summary", {}, "Reference answer"), prose(reference));
  const said = made("div", { class: "said", "data-turn": number });
  return made("section", { class: "turn", "aria-labelledby": `turn-${number}` }, made("h2", { id: `turn-${number}` }, title), words, cut, known, said);
}

function putInPlace(name, frame) {
  page = name;
  document.title = document.title.replace(one("h1 bdi").textContent, () => frame.id);
  one("h1 bdi").textContent = frame.id;
  one(".walk .category").textContent = frame.category;
  const place = made("span", { class: "place" }, frame.place);
  one(".walk nav").replaceChildren(walkLink("prev", frame.previous), place, walkLink("next", frame.next));
  one(".turns").replaceChildren(...frame.turns.map((turn) => turnOf(turn, frame.turns.length === 1)));
  places = all(".said");
}

let wantedPage = page;

async function walkTo(name) {
  wantedPage = name;
  const [frame] = await Promise.all([frameOf(name), sides.length ? piecesOf(name) : null]);
  if (wantedPage !== name) return;
  putInPlace(name, frame);
  await showChosen();
}

// What the neighbours need for the chosen pair, before it is asked for.
function fetchNeighbours() {
  for (const link of all(".walk nav a[data-near]")) {
    const name = nameOf(link.pathname);
    if (canWalk && name) Promise.all([frameOf(name), sides.length ? piecesOf(name) : null]).catch(() => {}); // told when shown
  }
}

const canWalk = location.protocol !== "file:" && sides.length > 0 && nameOf(location.pathname) === page;

document.addEventListener("click", async (event) => {
  const link = event.target.closest(".walk nav a[data-near]");
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);
  if (!link || !plain || !canWalk) return;
  event.preventDefault();
  const { href, pathname } = link;
  try {
    await walkTo(nameOf(pathname));
    if (wantedPage !== nameOf(pathname)) return;
    history.pushState(null, "", href);
    window.scrollTo(0, 0);
    document.getElementById("main").focus({ preventScroll: true }); // as after any link: reading begins at the top
    fetchNeighbours();
  } catch {
    location.href = href;
  }
});

window.addEventListener("popstate", () => {
  const name = nameOf(location.pathname);
  if (!canWalk || !name || name === page) return;
  readAddress();
  walkTo(name).then(fetchNeighbours, () => location.reload());
});

fetchNeighbours();
