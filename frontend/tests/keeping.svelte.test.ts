import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Comparison } from "../src/lib/types";
import { button, clean, press, frame, root, show, tap, text } from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const METRIC = {
  key: "s",
  label: "seconds",
  unit: "s",
  better: "lower",
  digits: 1,
  help: "",
} as const;
/** Eight by six pixels, the left half red and the right half blue. */
const PICTURE = (() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [8, 6];
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = "red";
  pen.fillRect(0, 0, 4, 6);
  pen.fillStyle = "blue";
  pen.fillRect(4, 0, 4, 6);
  return canvas.toDataURL();
})();
const value = (rest: Partial<Comparison> = {}): Comparison =>
  comparison(
    [
      cell("a", {
        title: "A, the first",
        answer: 'She said "red".\nYes.',
        metrics: { s: 1.25 },
        correct: true,
        layers: [layer([0, 1], 1, 2)],
        tokens: tokens([0, 1], 1, 2),
      }),
      cell("b", {
        answer: "=1+1",
        metrics: { s: { value: 2, low: 1, high: 3, n: 5 } },
        layers: [layer([1, 0], 1, 2)],
        tokens: tokens([0, 65535], 1, 2),
      }),
    ],
    {
      metrics: [METRIC],
      query: "What colour?",
      image: { url: PICTURE, orig_name: "half.png" },
      ...rest,
    },
  );

let saved: { name: string; blob: Blob }[];

beforeEach(() => {
  vi.useRealTimers();
  saved = [];
  let last: Blob;
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    last = blob as Blob;
    return "blob:none";
  });
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    saved.push({ name: this.download, blob: last });
  });
});

afterEach(() => vi.restoreAllMocks());

async function keep(name: string): Promise<{ name: string; blob: Blob }> {
  tap(button("Save this comparison"));
  tap(
    [...root().querySelectorAll<HTMLButtonElement>(".list button")].find(
      (one) => clean(one) === name,
    )!,
  );
  await vi.waitFor(() => expect(saved).toHaveLength(1), 5000);
  return saved[0]!;
}

test("CSV: a row for each cell, figures without units, nothing that a spreadsheet would run", async () => {
  show(value());
  const { name, blob } = await keep("Figures (CSV)");
  expect(name).toBe("comparison.csv");
  expect((await blob.text()).split("\r\n")).toEqual([
    "id,title,subtitle,status,correct,answer,error,reference,tokens_kept,tokens,kept_iou,map_rho," +
      "s [s],s low,s high,s n",
    'a,"A, the first",,done,true,"She said ""red"".\nYes.",,true,2,2,,,1.25,,,',
    "b,b,,done,,'=1+1,,false,1,2,0.5,,2,1,3,5",
    "",
  ]);
  expect([...new Uint8Array(await blob.arrayBuffer()).slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
});

test("JSON: the comparison with its image inside and the view as it is", async () => {
  show(value());
  press(frame(1), "r");
  const { name, blob } = await keep("Comparison (JSON)");
  const document = JSON.parse(await blob.text());
  expect(name).toBe("comparison.json");
  expect(document.reference).toBe("b");
  expect(document.image).toEqual({ url: PICTURE, path: "half.png", orig_name: "half.png" });
  expect(document.cells[0].layers).toEqual(value().cells[0]!.layers);
});

test("HTML: one page with the value and the code, and no answer can end its script", async () => {
  const evil = "</script><script>alert(1)</script><!--";
  const code = async () => ({ style: "b{}", script: "run()" });
  show(value({ query: evil }), {}, code);
  const { blob } = await keep("Page that works offline (HTML)");
  const page = new DOMParser().parseFromString(await blob.text(), "text/html");
  const scripts = [...page.querySelectorAll("script")];
  expect(scripts).toHaveLength(2);
  expect(JSON.parse(scripts[0]!.textContent!).query).toBe(evil);
  expect(scripts[1]!.textContent).toBe("run()");
  expect(page.title).toBe(evil);
  expect(page.getElementById("comparison-grid")).not.toBeNull();
});

test("without the code of a page, no page is offered", () => {
  show(value());
  tap(button("Save this comparison"));
  expect([...root().querySelectorAll(".list button")].map(clean)).toEqual([
    "Sheet (PNG)",
    "Figures (CSV)",
    "Comparison (JSON)",
  ]);
});

test("PNG: a sheet with the picture, the map over it and the dropped token hatched", async () => {
  show(value(), { colormap: "grey", opacity: 1 });
  const { name, blob } = await keep("Sheet (PNG)");
  expect(name).toBe("comparison.png");
  const image = await createImageBitmap(blob);
  expect(image.width).toBe(2 * (2 * 28 + 2 * 380 + 22));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d")!;
  pen.drawImage(image, 0, 0);
  const row = (x: number, y: number) => [...pen.getImageData(x * 2, y * 2, 1, 1).data.slice(0, 3)];
  // Below the question and two lines of titles: 28 + 27 + 14 + 24 + 22.
  const middle = 28 + 27 + 14 + 24 + 22 + 140;
  expect(row(28 + 95, middle)).toEqual([0, 0, 0]);
  expect(row(28 + 285, middle)).toEqual([255, 255, 255]);
  expect(row(28 + 402 + 95, middle)).toEqual([255, 255, 255]);
  const hatched = new Set(
    Array.from({ length: 12 }, (_, i) => row(28 + 402 + 285 + i / 2, middle).join()),
  );
  expect(hatched.size).toBeGreaterThan(1);
  for (const colour of hatched) expect(colour).not.toBe("0,0,255");
});

test.each(["Sheet (PNG)", "Comparison (JSON)"])(
  "an image that cannot be read is said, and nothing is saved: %s",
  async (name) => {
    show(value({ image: { url: "/nowhere.png", orig_name: "gone.png" } }));
    vi.spyOn(window, "fetch").mockResolvedValue(new Response("", { status: 404 }));
    tap(button("Save this comparison"));
    tap(
      [...root().querySelectorAll<HTMLButtonElement>(".list button")].find(
        (one) => clean(one) === name,
      )!,
    );
    await vi.waitFor(() => expect(text()).toContain(`${name} was not kept:`), 5000);
    expect(saved).toEqual([]);
  },
);

test("CSV: names of metrics that look like each other's spread move no figure", async () => {
  const metrics = ["x", "x low"].map((key) => ({ ...METRIC, key, unit: "" }));
  show(comparison([cell("a", { metrics: { x: 1, "x low": { value: 2, low: 0 } } })], { metrics }));
  const lines = (await (await keep("Figures (CSV)")).blob.text()).split("\r\n");
  expect(lines[0]!.split(",").slice(-5)).toEqual([
    "x",
    "x low",
    "x low low",
    "x low high",
    "x low n",
  ]);
  expect(lines[1]!.split(",").slice(-5)).toEqual(["1", "2", "0", "", ""]);
});
