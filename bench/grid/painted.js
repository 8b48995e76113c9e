/** When a page has painted what it was asked for. */
window.bench = {
  drawn: new Set(),
  puts: 0,
  arrived: null,
  cells: null,

  frame: () => new Promise(requestAnimationFrame),

  /**
   * The time at which `ready` holds in a frame and that frame has been handed on: the one after it
   * begins only then. Pictures are decoded first, for a page may draw them a frame later.
   */
  async painted(ready, pictures = () => []) {
    while (!ready()) await bench.frame();
    await Promise.all(pictures().map((picture) => picture.decode()));
    await bench.frame();
    await bench.frame();
    return performance.now();
  },

  all: (selector) => [...document.querySelectorAll(selector)],

  press(name) {
    bench.all("button").find((button) => button.textContent.trim() === name).click();
  },
};

{
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    put.apply(this, given);
    bench.puts += 1;
    bench.drawn.add(this.canvas);
    if (bench.drawn.size === 8 && bench.cells === null) {
      bench.cells = 0;
      requestAnimationFrame(() => requestAnimationFrame(() => (bench.cells = performance.now())));
    }
  };

  // Gradio's client parses every message of its stream: no later than that, the value has arrived.
  const parse = JSON.parse;
  JSON.parse = function (text, ...given) {
    if (bench.arrived === null && typeof text === "string" && /"process_completed"/.test(text)) {
      bench.arrived = performance.now();
    }
    return parse.call(this, text, ...given);
  };
}
