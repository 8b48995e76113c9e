/**
 * The hand that moves both pages: one move a frame, told to whatever lies under the pointer.
 * It finds that as a browser does for a real move, by a hit test, so that its cost is counted; while
 * a button is down, the moves go to what was pressed, as those of a captured pointer do.
 */
window.bench = {
  STEPS: 120,

  /** One gesture on a frame's box; gives the time of every frame, in milliseconds. */
  async move(kind, box) {
    const step = bench.gestures[kind](box);
    const times = [];
    await new Promise((done) => {
      const frame = () => {
        times.push(performance.now());
        if (times.length > bench.STEPS) return done();
        step(times.length - 1);
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    bench.tell("pointerup", bench.middle(box), { buttons: 0 }, PointerEvent);
    return times;
  },

  held: null,

  gestures: {
    /** Drags round a figure of eight within the frame. */
    pan(box) {
      bench.tell("pointerdown", bench.middle(box), { buttons: 1 }, PointerEvent);
      return (i) => bench.tell("pointermove", bench.eight(box, i, 0.22), { buttons: 1 }, PointerEvent);
    },
    /** Pinches in for half of the frames and out again, about one point. */
    zoom(box) {
      const at = { x: box.x + 0.4 * box.width, y: box.y + 0.45 * box.height };
      return (i) => bench.tell("wheel", at, { deltaY: i < bench.STEPS / 2 ? -4 : 4, ctrlKey: true }, WheelEvent);
    },
    /** Goes round the figure of eight with no button down. */
    crosshair(box) {
      return (i) => bench.tell("pointermove", bench.eight(box, i, 0.45), { buttons: 0 }, PointerEvent);
    },
  },

  /** Zooms in to about three times, where each gesture but the zoom itself begins or ends. */
  come_near(box) {
    for (let i = 0; i < 46; i++) {
      bench.tell("wheel", bench.middle(box), { deltaY: -4, ctrlKey: true }, WheelEvent);
    }
  },

  middle(box) {
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  },

  /** A place on a figure of eight about the middle, `size` of the frame to each side. */
  eight(box, i, size) {
    const turn = (2 * Math.PI * i) / bench.STEPS;
    const { x, y } = bench.middle(box);
    return {
      x: x + size * box.width * Math.sin(turn),
      y: y + size * box.height * Math.sin(2 * turn),
    };
  },

  tell(type, { x, y }, more, Kind) {
    const target = bench.held ?? document.elementFromPoint(x, y);
    if (type === "pointerdown") bench.held = target;
    if (type === "pointerup") bench.held = null;
    const own = Kind === PointerEvent ? { pointerId: 1, pointerType: "mouse", isPrimary: true } : {};
    target.dispatchEvent(
      new Kind(type, { bubbles: true, cancelable: true, clientX: x, clientY: y, ...own, ...more }),
    );
  },
};
