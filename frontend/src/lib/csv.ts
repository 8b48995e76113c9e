/** Tables as CSV files (RFC 4180) that a spreadsheet opens without running them. */

type Field = string | number | boolean | null;

/** What makes a spreadsheet read a text as a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** The rows as CSV, each ended by CRLF; null is an empty field. */
export function toCsv(rows: Field[][]): string {
  return rows.map((row) => row.map(field).join(",") + "\r\n").join("");
}

function field(value: Field): string {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
