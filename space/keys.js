/** Ctrl or Command with Enter compares, from any field of the form; a cell of the batch's matrix that
 *  is clicked is written, by its case's number, where the server hears of it. */
() => {
  document.addEventListener("keydown", (event) => {
    const compares = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!compares || !event.target.closest("#inputs")) return;
    event.preventDefault();
    event.stopPropagation();
    document.querySelector("#compare").click();
  }, true);

  let clicks = 0;
  const pick = (event) => {
    const field = document.querySelector("#picked-case textarea, #picked-case input");
    field.value = `${event.points[0].customdata} ${++clicks}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // Plotly's own event, heard from the moment the pointer is over the plot: it is drawn anew at will.
  document.addEventListener("pointerover", (event) => {
    const plot = event.target.closest("#batch-matrix .js-plotly-plot");
    plot?.removeAllListeners("plotly_click");
    plot?.on("plotly_click", pick);
  }, true);
}
