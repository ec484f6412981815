"use strict";
// ---- HTML that came in a piece, copied element by element from an inert document; the same list as in markdown.py.

const ALLOWED = new Set(
  "p br hr strong em s blockquote ul ol li a pre code table thead tbody tr th td span".split(" "),
);
const ATTRIBUTES = {
  a: { href: /^(?:https?|mailto):/i, title: /^/ },
  code: { class: /^language-[\w+#.-]{1,30}$/ },
  span: { class: /^hl-(?:comment|string|number|keyword)$/ },
  ol: { start: /^\d{1,9}$/ },
};

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !ALLOWED.has(node.localName)) return document.createTextNode("");
  const made = document.createElement(node.localName);
  for (const [name, form] of Object.entries(ATTRIBUTES[node.localName] || {})) {
    const value = node.getAttribute(name);
    if (value !== null && form.test(value)) made.setAttribute(name, value);
  }
  if (made.hasAttribute("href")) made.rel = "noopener nofollow";
  made.append(...[...node.childNodes].map(copied));
  return made;
}

function sanitised(html) {
  const fragment = document.createDocumentFragment();
  const inert = new DOMParser().parseFromString(html, "text/html");
  fragment.append(...[...inert.body.childNodes].map(copied));
  return fragment;
}

// An element of ours: its tag, its attributes, and what it holds. Texts become text, and nothing that isn't there is shown.
function made(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
  element.append(...content.flat(3).filter((part) => part !== undefined && part !== null && part !== false));
  return element;
}
