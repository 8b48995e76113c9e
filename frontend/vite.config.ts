import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const TEMPLATES = resolve(import.meta.dirname, "../component/gradio_comparisongrid/templates");

/** `--mode component` and `--mode example` build the two folders that Gradio serves, flat. */
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  resolve: { conditions: ["gradio", "svelte", "browser", "module", "import", "default"] },
  build: {
    outDir: resolve(TEMPLATES, mode),
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    reportCompressedSize: true,
    rollupOptions: {
      input: {
        index: resolve(import.meta.dirname, mode === "example" ? "Example.svelte" : "Index.svelte"),
        svelte_runtime_entry: resolve(import.meta.dirname, "src/runtime.ts"),
      },
      preserveEntrySignatures: "strict",
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        assetFileNames: "style.css",
      },
    },
  },
}));
