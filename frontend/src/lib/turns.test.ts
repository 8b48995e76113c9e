import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Turns } from "./turns";

const FRAME = 16;
let done: string[];

beforeEach(() => {
  done = [];
  let now = 0;
  vi.useFakeTimers();
  vi.stubGlobal("document", {
    timeline: {
      get currentTime() {
        return now;
      },
    },
  });
  vi.stubGlobal("requestAnimationFrame", (work: () => void) =>
    setTimeout(() => {
      now += FRAME;
      work();
    }, FRAME),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("as many pieces as a frame may have are done at once, the others in the frames that follow", () => {
  const turns = new Turns(2);
  for (const name of "abcde") turns.take({}, () => done.push(name));
  expect(done).toEqual(["a", "b"]);
  vi.advanceTimersByTime(FRAME);
  expect(done).toEqual(["a", "b", "c", "d"]);
  vi.advanceTimersByTime(FRAME);
  expect(done).toEqual(["a", "b", "c", "d", "e"]);
});

test("a newer piece takes the turn of its owner's older one, which is never done", () => {
  const turns = new Turns(1);
  const [first, second, third] = [{}, {}, {}];
  turns.take(first, () => done.push("first"));
  turns.take(second, () => done.push("old"));
  turns.take(third, () => done.push("third"));
  turns.take(second, () => done.push("new"));
  vi.advanceTimersByTime(5 * FRAME);
  expect(done).toEqual(["first", "new", "third"]);
});

test("an owner that asks in every frame leaves the others their turns", () => {
  const turns = new Turns(1);
  const [busy, patient] = [{}, {}];
  turns.take(busy, () => done.push("busy"));
  turns.take(patient, () => done.push("patient"));
  turns.take(busy, () => done.push("busy again"));
  vi.advanceTimersByTime(FRAME);
  turns.take(busy, () => done.push("busy at last"));
  vi.advanceTimersByTime(FRAME);
  expect(done).toEqual(["busy", "patient", "busy at last"]);
});
