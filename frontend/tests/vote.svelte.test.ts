import { expect, test } from "vitest";
import type { Comparison } from "../src/lib/types";
import {
  all,
  ask,
  button,
  clean,
  find,
  frame,
  give,
  press,
  root,
  set,
  show,
  tap,
  text,
  texts,
  told,
  wheel,
} from "./harness.svelte";
import { cell, comparison, layer, tokens } from "./values";

const METRIC = {
  key: "s",
  label: "seconds",
  unit: "s",
  better: "lower",
  digits: 1,
  help: "",
} as const;
const NAMES = ["alpha", "beta", "gamma", "delta"];
const four = (query = "What?"): Comparison =>
  comparison(
    NAMES.map((id, i) =>
      cell(id, {
        title: `Title ${id}`,
        subtitle: `about ${id}`,
        answer: "red",
        correct: i === 0,
        warnings: [`warned of ${id}`],
        metrics: { s: i + 0.5 },
        layers: [layer([0, 1], 1, 2)],
        tokens: tokens([0, 65535], 1, 2),
      }),
    ),
    { query, metrics: [METRIC] },
  );
const vote = (name: string) => {
  const bar = all("vote")[0]!;
  tap([...bar.querySelectorAll("button")].find((one) => clean(one) === name)!);
};
const BLIND = { voting: true, blind: true };

test("there is no vote unless an app asks for one", () => {
  show(four());
  expect(all("vote")).toHaveLength(0);
});

test("the best cell or cells, a tie, or all bad: told with the order shown", () => {
  show(four(), { voting: true });
  expect(button("Vote").disabled).toBe(true);
  vote("Title gamma");
  vote("Title alpha");
  vote("Vote");
  expect(told.vote).toHaveBeenCalledExactlyOnceWith({
    verdict: "best",
    chosen: ["alpha", "gamma"],
    order: NAMES,
    blind: false,
  });
  expect(texts("vote")).toEqual(["You voted for Title alpha, Title gamma."]);
});

test.each([
  ["Tie", "tie"],
  ["All bad", "bad"],
])("%s chooses nobody, whatever was marked before", (name, verdict) => {
  show(four(), { voting: true });
  vote("Title beta");
  vote(name);
  expect(told.vote.mock.lastCall![0]).toMatchObject({ verdict, chosen: [] });
});

test("nobody votes while a cell waits or runs", () => {
  const value = four();
  value.cells[2]!.status = "running";
  show(value, { voting: true });
  expect(texts("vote")).toEqual(["You can vote when every cell has ended."]);
  expect(all("vote")[0]!.querySelector("button")).toBeNull();
  give(four());
  expect(button("Vote")).toBeDefined();
});

test("a blind comparison tells nobody's name, figure, count or verdict, not even in the page's code", () => {
  show(four(), BLIND);
  const html = root().innerHTML;
  for (const name of NAMES) expect(html).not.toContain(name);
  expect(html).not.toContain("seconds");
  expect(texts("kept")).toEqual([]);
  expect(text()).not.toMatch(/correct|wrong|1 of 2/);
  expect(button("Save")).toBeUndefined();
  expect([...root().querySelectorAll("h3")].map(clean)).toEqual(["A", "B", "C", "D"]);
  tap(button("Table"));
  for (const name of NAMES) expect(root().innerHTML).not.toContain(name);
});

test("a blind cell's error says no more than that it failed", () => {
  const value = four();
  value.cells[0] = cell("alpha", { status: "failed", error: "alpha.pt is broken" });
  show(value, BLIND);
  expect(texts("error")).toEqual(["This one failed."]);
});

test("the blind order is another for another comparison, the same for the same, and told", () => {
  const orders = new Set<string>();
  show(four(), BLIND);
  for (let i = 0; i < 12; i++) {
    give(four(`Question ${i}`));
    vote("Tie");
    orders.add(told.vote.mock.lastCall![0].order.join());
  }
  expect(orders.size).toBeGreaterThan(4);
  give(four("Question 3"));
  vote("Tie");
  expect(told.vote.mock.calls[3]![0].order).toEqual(told.vote.mock.lastCall![0].order);
  expect(told.vote.mock.lastCall![0].blind).toBe(true);
});

test("an app's seed decides the order", () => {
  show(four(), { ...BLIND, seed: 1 });
  const orders = new Set<string>();
  for (let seed = 0; seed < 12; seed++) {
    set({ ...BLIND, seed });
    vote("Tie");
    orders.add(told.vote.mock.lastCall![0].order.join());
  }
  expect(orders.size).toBeGreaterThan(4);
});

test("the vote reveals everything, in the order in which it was shown", () => {
  show(four(), BLIND);
  vote("B");
  vote("Vote");
  const [chosen, order] = [told.vote.mock.lastCall![0].chosen, told.vote.mock.lastCall![0].order];
  expect(chosen).toEqual([order[1]]);
  const titles = [...root().querySelectorAll("h3")].map(clean);
  expect(titles).toEqual(order.map((id) => `Title ${id}`));
  expect(texts("kept")).toHaveLength(4);
  expect(find("[data-metric]")).not.toBeNull();
  expect(button("Save")).toBeDefined();
});

test("neither an order that is asked for nor one that was made before tells who is who", () => {
  const orders = new Set<string>();
  show({ ...four(), view: { order: NAMES } }, BLIND);
  for (let i = 0; i < 8; i++) {
    give({ ...four(`Question ${i}`), view: { order: NAMES } });
    tap(button("Arrange A"));
    tap(button("Move right"));
    vote("Tie");
    orders.add(told.vote.mock.lastCall![0].order.join());
  }
  expect(orders.size).toBeGreaterThan(4);
});

test("nothing that was done to a cell whose name was told marks it in the next question", () => {
  show(four(), BLIND);
  vote("Tie");
  tap(button("Arrange Title alpha"));
  tap(button("Hide"));
  tap(button("Linked"));
  wheel(0, -100, true);
  press(frame(0), "1");
  expect(all("cell")).toHaveLength(1);
  give(four("Another question"));
  expect(all("cell")).toHaveLength(4);
  expect(text()).not.toContain("own view");
});

test("other answers to the same question are blind again, in another order", () => {
  const orders = new Set<string>();
  show(four(), BLIND);
  for (let i = 0; i < 8; i++) {
    const value = four();
    value.cells[0]!.answer = `answer ${i}`;
    give(value);
    expect(root().innerHTML).not.toContain("alpha");
    vote("Tie");
    orders.add(told.vote.mock.lastCall![0].order.join());
  }
  expect(orders.size).toBeGreaterThan(3);
});

test("while it is hidden who is who, Python is told no reference that nobody chose", () => {
  show(four(), BLIND);
  expect(ask().reference).toBeNull();
});

test("answers given anew are blind again and ask for another vote", () => {
  show(four(), BLIND);
  vote("Tie");
  const rerun = four();
  for (const one of rerun.cells) one.status = "waiting";
  give(rerun);
  expect(root().innerHTML).not.toContain("alpha");
  give(four());
  expect(root().innerHTML).not.toContain("alpha");
  vote("All bad");
  expect(told.vote).toHaveBeenCalledTimes(2);
});
