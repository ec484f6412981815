"use strict";
// ---- Full-text search: the index lies in pieces, and a search loads the one of each of its words. See search.py.

const LONGEST_WORD = 24;
const UNSPACED =
  "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const TOKEN = new RegExp(`([${UNSPACED}]+)|(?:(?![${UNSPACED}])[\\p{L}\\p{N}_])+`, "gu");

// What is looked for: words begin with it, or, where `whole`, are it.
function tokens(text) {
  const plain = text.normalize("NFKC").toLowerCase();
  return [...plain.matchAll(TOKEN)].flatMap(([word, unspaced]) => {
    const letters = [...word];
    if (!unspaced) return [{ word: letters.slice(0, LONGEST_WORD).join(""), whole: letters.length === 1 }];
    if (letters.length === 1) return [{ word, whole: false }];
    return letters.slice(1).map((letter, place) => ({ word: letters[place] + letter, whole: true }));
  });
}

function pieceOfWord(word, pieces) {
  const [first, second] = [...word].map((letter) => letter.codePointAt(0));
  return (first + (first < 128 && second ? 31 * second : 0)) % pieces;
}

function documents({ word, whole }, piece) {
  const found = new Set();
  for (const [known, steps] of Object.entries(piece)) {
    if (whole ? known !== word : !known.startsWith(word)) continue;
    let number = 0;
    for (const by of steps) found.add((number += by));
  }
  return found;
}

// The documents that hold all words of a search, in their order; null where it has no word.
async function lookUp(text, pieces, root) {
  const wanted = tokens(text);
  if (!wanted.length) return null;
  const found = await Promise.all(
    wanted.map(async (token) => {
      const key = `search/${pieceOfWord(token.word, pieces)}`;
      return documents(token, await judgebench.load(key, `${root}pieces/${key}.js`));
    }),
  );
  const [first, ...others] = found;
  return [...first].filter((number) => others.every((one) => one.has(number))).sort((a, b) => a - b);
}
