/** Text on a canvas: lines that fit a width. */

import { segment } from "../../lib/textdiff";

/** A text in lines no wider than `width`, `most` of them; what does not fit ends in "…". */
export function wrapped(
  on: CanvasRenderingContext2D,
  text: string,
  width: number,
  most: number,
): string[] {
  const lines: string[] = [];
  // What cannot be seen need not be measured.
  for (const paragraph of text.slice(0, most * 400).split("\n")) {
    let line = "";
    for (const piece of segment(paragraph).flatMap((piece) => breakable(on, piece, width))) {
      if (line && on.measureText((line + piece).trimEnd()).width > width) {
        lines.push(line.trimEnd());
        line = "";
      }
      line += line ? piece : piece.trimStart();
    }
    lines.push(line.trimEnd());
  }
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1]} …`];
}

/** A word, or where it is wider than a line its letters. */
function breakable(on: CanvasRenderingContext2D, word: string, width: number): string[] {
  return on.measureText(word).width > width ? [...word] : [word];
}

const RIGHT_TO_LEFT = /\p{Script=Arabic}|\p{Script=Hebrew}|\p{Script=Syriac}|\p{Script=Thaana}/u;

/** Whether the first letter of a text belongs to a script that runs from right to left. */
export function isRightToLeft(text: string): boolean {
  const letter = /\p{L}/u.exec(text);
  return letter !== null && RIGHT_TO_LEFT.test(letter[0]);
}
