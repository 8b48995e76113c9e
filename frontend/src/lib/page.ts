/** One HTML file that shows a comparison by itself, the same that `Comparison.to_html` writes. */

import type { Comparison } from "./types";

/** The elements of the page, by id: whoever reads it finds the value and the code again. */
export const IDS = {
  root: "comparison-grid",
  value: "comparison-grid-value",
  style: "comparison-grid-style",
  script: "comparison-grid-code",
};

// Everything is inside the file, and nothing may be asked of another place.
const POLICY =
  "default-src 'none'; img-src data: blob:; " +
  "style-src 'unsafe-inline'; script-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/** The page of a comparison whose images are data URLs; the code is safe inline as it is built. */
export function page(
  value: Comparison,
  { style, script }: { style: string; script: string },
): string {
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    `<title>${escaped(value.query || "Comparison")}</title>` +
    `<style id="${IDS.style}">${style}</style></head><body><div id="${IDS.root}"></div>` +
    `<script type="application/json" id="${IDS.value}">${safeJson(value)}</` +
    `script><script id="${IDS.script}">${script}</` +
    `script></body></html>\n`
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON in which nothing can end the script it stands in. */
function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
