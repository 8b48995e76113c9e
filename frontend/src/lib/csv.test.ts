import { expect, test } from "vitest";
import { toCsv } from "./csv";

test("rows end with CRLF, numbers and booleans are written as they are, null is empty", () => {
  expect(
    toCsv([
      ["name", "value"],
      ["a", -1.5, true, null, "b"],
      [null, ""],
    ]),
  ).toBe("name,value\r\na,-1.5,true,,b\r\n,\r\n");
  expect(toCsv([])).toBe("");
});

test("a comma, a quote or a line break puts a field in quotes, its own quotes doubled", () => {
  expect(toCsv([["a,b", 'say "no"', "two\nlines", "two\r\nlines", "plain; text"]])).toBe(
    '"a,b","say ""no""","two\nlines","two\r\nlines",plain; text\r\n',
  );
});

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  ["\r=1", '"\'\r=1"'],
  ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
])("the text %j is no formula to a spreadsheet", (text, written) => {
  expect(toCsv([[text]])).toBe(`${written}\r\n`);
});

test("what only contains such a sign, and a negative number, stay as they are", () => {
  expect(toCsv([["a=b", "3 - 2", "'quoted", -0.5, -3e-7]])).toBe(
    "a=b,3 - 2,'quoted,-0.5,-3e-7\r\n",
  );
});
