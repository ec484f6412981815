"use strict";
// Everything here is a convenience: without this file the pages are plain lists, with every answer shown.
// Data is only ever read by textContent and JSON.parse and shown by textContent; nothing becomes HTML.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

// ---- Pieces: data that a page loads when it is wanted. Each is a script, since a page that was opened as a file may
// load nothing else. It calls judgebench.piece(key, data).

const waiting = new Map(); // key -> what is to be done with the data, and the promise of it

const judgebench = {
  piece(key, data) {
    const wanted = waiting.get(key);
    if (wanted) wanted.resolve(data);
  },
  load(key, address) {
    if (!waiting.has(key)) {
      const wanted = {};
      wanted.promise = new Promise((resolve, reject) => Object.assign(wanted, { resolve, reject }));
      waiting.set(key, wanted);
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => script.remove();
      script.onerror = () => {
        waiting.delete(key); // so that it can be tried again
        wanted.reject(new Error(`${address} can't be loaded`));
      };
      document.head.append(script);
    }
    return waiting.get(key).promise;
  },
};

// ---- Links to what is folded away unfold it, also where a browser doesn't do so by itself.

function unfold() {
  const wanted = location.hash.includes("=") ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = wanted && wanted.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  if (wanted) wanted.scrollIntoView();
}

if (location.hash) unfold();
addEventListener("hashchange", unfold);

// ---- Printing: what is folded away on a screen is unfolded on paper, where the style sheet alone can't do it.

if (!CSS.supports("selector(::details-content)")) {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all(":is(.behind, .reference, .topic):not([open])");
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });
}
