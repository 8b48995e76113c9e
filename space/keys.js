/** Ctrl or Command with Enter compares, from any field of the form. */
() => {
  document.addEventListener("keydown", (event) => {
    const compares = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!compares || !event.target.closest("#inputs")) return;
    event.preventDefault();
    event.stopPropagation();
    document.querySelector("#compare").click();
  }, true);
}
