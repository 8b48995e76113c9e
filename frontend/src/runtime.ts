/** The Svelte that Gradio mounts this component with: its own, whatever Gradio's is. */
export { mount, unmount } from "svelte";
