/** What a comparison can be kept as: a table, a document, a page. */

import { figure } from "../lib/figures";
import { toCsv } from "../lib/csv";
import { page } from "../lib/page";
import type { Comparison, ImageFile, Measured } from "../lib/types";
import type { GridState } from "./grid.svelte";
import { sheet } from "./sheet/sheet";

/** Gives the style and the script of a page that shows a comparison by itself. */
export type Code = () => Promise<{ style: string; script: string }>;

interface Keeper {
  label: string;
  needsCode: boolean;
  keep: (grid: GridState, code: Code | null) => Promise<void>;
}

export const KEEPERS: Keeper[] = [
  {
    label: "Sheet (PNG)",
    needsCode: false,
    keep: async (grid) => download("comparison.png", "image/png", await sheet(grid)),
  },
  {
    label: "Figures (CSV)",
    needsCode: false,
    keep: async (grid) => download("comparison.csv", "text/csv", csv(grid)),
  },
  {
    label: "Comparison (JSON)",
    needsCode: false,
    keep: async (grid) => {
      const document = JSON.stringify(await selfContained(grid.now()), null, 1);
      download("comparison.json", "application/json", document);
    },
  },
  {
    label: "Page that works offline (HTML)",
    needsCode: true,
    keep: async (grid, code) => {
      const [parts, value] = [await code!(), await selfContained(grid.now())];
      download("comparison.html", "text/html", page(value, parts));
    },
  },
];

/** One row for each cell: what it is, what it answered, and every figure without its unit. */
function csv(grid: GridState): string {
  const { metrics } = grid.value;
  const head = ["id", "title", "subtitle", "status", "correct", "answer", "error", "reference"];
  const counts = ["tokens_kept", "tokens", "kept_iou", "map_rho"];
  const spread = new Set(
    metrics
      .map(({ key }) => key)
      .filter((key) => grid.value.cells.some(({ metrics }) => isMeasured(metrics[key]))),
  );
  const figures = metrics.flatMap(({ key, unit }) => {
    const name = unit ? `${key} [${unit}]` : key;
    return spread.has(key) ? [name, `${key} low`, `${key} high`, `${key} n`] : [name];
  });
  const rows = grid.arrangement.all.map((key) => {
    const cell = grid.byKey.get(key)!;
    const state = grid.state(key);
    return [
      ...[cell.id, cell.title, cell.subtitle, cell.status, cell.correct, cell.answer, cell.error],
      key === grid.referenceKey,
      ...[state?.tokens.kept ?? null, state?.tokens.assign?.length ?? null],
      ...[state?.overlap ?? null, state?.correlation?.rho ?? null],
      ...metrics.flatMap((metric) => {
        const entry = cell.metrics[metric.key];
        if (!spread.has(metric.key)) return [figure(entry)];
        const { low = null, high = null, n = null } = isMeasured(entry) ? entry : {};
        return [figure(entry), low, high, n];
      }),
    ];
  });
  // With the mark that tells spreadsheets that the text is UTF-8.
  return "\ufeff" + toCsv([[...head, ...counts, ...figures], ...rows]);
}

function isMeasured(entry: number | Measured | null | undefined): entry is Measured {
  return typeof entry === "object" && entry !== null;
}

/** A comparison with its images inside, as `Comparison.save` writes it. */
async function selfContained(value: Comparison): Promise<Comparison> {
  const embedded = new Map<string, Promise<ImageFile>>();
  const embed = (image: ImageFile | null): Promise<ImageFile> | null => {
    if (!image) return null;
    if (!image.url) return Promise.reject(new Error("an image has no address."));
    const found = embedded.get(image.url) ?? embedImage(image);
    embedded.set(image.url, found);
    return found;
  };
  return {
    ...value,
    image: await embed(value.image),
    cells: await Promise.all(
      value.cells.map(async (cell) => ({ ...cell, image: await embed(cell.image) })),
    ),
  };
}

async function embedImage(image: ImageFile): Promise<ImageFile> {
  const name = image.orig_name ?? "image";
  if (image.url!.startsWith("data:")) return { ...image, path: name };
  const response = await fetch(image.url!).catch(() => null);
  if (!response?.ok) throw new Error(`the image ${name} cannot be read.`);
  const blob = await response.blob();
  return { path: name, url: await dataUrl(blob), orig_name: name, mime_type: blob.type };
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function download(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
