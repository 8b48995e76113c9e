/** The script of a page that shows one comparison by itself: `Comparison.to_html` and *Save* write it. */

import { mount } from "svelte";
import { inside } from "./code";
import Guarded from "./core/Guarded.svelte";
import { IDS } from "./lib/page";
import "./standalone.css";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = (): void => void document.documentElement.classList.toggle("dark", dark.matches);
dark.addEventListener("change", follow);
follow();

const value = JSON.parse(document.getElementById(IDS.value)!.textContent!);
mount(Guarded, { target: document.getElementById(IDS.root)!, props: { value, code: inside } });
