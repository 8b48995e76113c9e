import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin, type UserConfig } from "vite";

const TEMPLATES = resolve(import.meta.dirname, "../component/gradio_comparisongrid/templates");
const here = (file: string): string => resolve(import.meta.dirname, file);

/** Nothing in a script may look like its end, or like a comment, to the page it stands in. */
const safeInline: Plugin = {
  name: "safe-inline",
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk") {
        file.code = file.code.replace(/<(?=\/script|script|!--)/gi, "\\x3c");
      }
    }
  },
};

/** `--mode component` and `--mode example`: the two folders that Gradio serves, flat. */
function served(mode: string): UserConfig["build"] {
  return {
    outDir: resolve(TEMPLATES, mode),
    emptyOutDir: true,
    rollupOptions: {
      input: {
        index: here(mode === "example" ? "Example.svelte" : "Index.svelte"),
        svelte_runtime_entry: here("src/runtime.ts"),
      },
      preserveEntrySignatures: "strict",
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "style.css",
      },
    },
  };
}

/**
 * `--mode standalone`: the script and the style of a page without Gradio, in the folder that Gradio
 * serves, where the grid finds them when a comparison is kept as a page.
 */
const standalone: UserConfig["build"] = {
  outDir: resolve(TEMPLATES, "component"),
  emptyOutDir: false,
  lib: {
    entry: here("src/standalone.ts"),
    formats: ["iife"],
    name: "comparisonGrid",
    fileName: () => "standalone.js",
    cssFileName: "standalone",
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === "standalone" ? [safeInline] : [])],
  define: { "process.env.NODE_ENV": '"production"' },
  resolve: { conditions: ["gradio", "svelte", "browser", "module", "import", "default"] },
  build: {
    target: "es2022",
    cssCodeSplit: false,
    reportCompressedSize: true,
    ...(mode === "standalone" ? standalone : served(mode)),
  },
}));
