/** Where the code of a page that stands by itself is found. */

import type { Code } from "./core/keeping";
import { IDS } from "./lib/page";

/** Beside the script at this address, where the build puts it. */
export function beside(address: string): Code {
  return async () => {
    const [style, script] = await Promise.all([
      text(new URL("standalone.css", address)),
      text(new URL("standalone.js", address)),
    ]);
    return { style, script };
  };
}

/** In the page itself, which is such a page. */
export const inside: Code = async () => ({
  style: document.getElementById(IDS.style)?.textContent ?? "",
  script: document.getElementById(IDS.script)?.textContent ?? "",
});

async function text(address: URL): Promise<string> {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new Error("the page's code cannot be read.");
  return response.text();
}
