"use strict";
// ---- Which words differ: the longest common subsequence of the words of two texts, whatever stands between words.

const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}\p{N}_]+|[^\s\p{L}\p{M}\p{N}_]/gu;
const MOST_CELLS = 25e6; // of the table, two bytes each; two texts of 24,000 characters of English fit

function words(text) {
  const found = [...text.matchAll(WORDS)];
  return found.map((match, place) => ({ word: match[0], start: match.index, end: (found[place + 1] || { index: text.length }).index }));
}

// For each word of both whether the other has it at that place too; null where that would take too long.
function common(left, right) {
  const width = right.length + 1;
  if ((left.length + 1) * width > MOST_CELLS) return null;
  const longest = new Uint16Array((left.length + 1) * width);
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      const here = row * width + column;
      longest[here] =
        left[row].word === right[column].word
          ? longest[here + width + 1] + 1
          : Math.max(longest[here + width], longest[here + 1]);
    }
  }
  const shared = [new Array(left.length).fill(false), new Array(right.length).fill(false)];
  let [row, column] = [0, 0];
  while (row < left.length && column < right.length) {
    const here = row * width + column;
    if (left[row].word === right[column].word) {
      shared[0][row] = shared[1][column] = true;
      row += 1;
      column += 1;
    } else if (longest[here + width] >= longest[here + 1]) row += 1;
    else column += 1;
  }
  return shared;
}

// A text with what the other lacks in <del> or <ins>; runs of such words are one mark.
function marked(text, found, shared, tag) {
  const parts = [text.slice(0, found.length ? found[0].start : text.length)];
  for (let place = 0; place < found.length; ) {
    let end = place;
    while (end < found.length && shared[end] === shared[place]) end += 1;
    const words = text.slice(found[place].start, found[end - 1].end);
    const bare = words.trimEnd(); // the space after the last word belongs to neither
    parts.push(...(shared[place] ? [words] : [made(tag, {}, bare), words.slice(bare.length)]));
    place = end;
  }
  return parts;
}

function compared(left, right) {
  const texts = [left, right].map((body) => one(".prose", body).textContent.trim());
  const found = texts.map(words);
  const shared = common(...found);
  if (!shared) return null;
  const count = shared[0].filter(Boolean).length;
  const most = Math.max(found[0].length, found[1].length);
  const marks = ["del", "ins"].map((tag, side) => marked(texts[side], found[side], shared[side], tag));
  return { marks, share: most ? count / most : 1 };
}

// Show both answers of a turn as words, their differences marked, in place of their Markdown; or the other way round.
function compareTurn(said, on) {
  all(".diff, .diff-note", said).forEach((element) => element.remove());
  const bodies = all(".answer > .body", said);
  bodies.forEach((body) => (body.hidden = false));
  if (!on || bodies.length !== 2) return;
  const result = compared(...bodies);
  const note = made("p", { class: "about diff-note" });
  one(".answers", said).before(note);
  if (!result) {
    note.textContent = "These two answers are too long to be compared word by word.";
    return;
  }
  const told = `${Math.round(100 * result.share)} % of the words are the same.`;
  note.append(told, " Words that only the left one has are ", made("del", {}, "struck out"), ", those that only the right one has ", made("ins", {}, "underlined"), ".");
  bodies.forEach((body, side) => {
    body.hidden = true;
    body.after(made("div", { class: "diff", dir: "auto", lang: one(".prose", body).lang }, result.marks[side]));
  });
}
