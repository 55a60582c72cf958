/** @jsxImportSource hono/jsx */
import type { Element } from "./element.ts";

/** Most rows of a table on one page; what is left out is said. */
const MAX_ROWS = 500;

/** Most characters of one value. */
const MAX_CHARACTERS = 20_000;

/** Any JSON, as people read it: tables for lists of objects, pairs for objects. */
export function Value({ value }: { readonly value: unknown }): Element {
  if (isRows(value) && value.length > 0) return <RowTable rows={value} />;
  if (isRecord(value)) return <Pairs value={value} />;
  return <pre>{textOf(value)}</pre>;
}

/** Rows under the names of all their members, with something behind each where asked for. */
export function RowTable({ rows, behind }: {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly behind?: (row: Readonly<Record<string, unknown>>) => Element;
}): Element {
  const keys = [...new Set(rows.slice(0, MAX_ROWS).flatMap((row) => Object.keys(row)))];
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            {keys.map((key) => <th scope="col">{words(key)}</th>)}
            {behind ? <th scope="col">Do</th> : ""}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MAX_ROWS).map((row) => (
            <tr>
              {keys.map((key) => <td>{textOf(ownValue(row, key))}</td>)}
              {behind ? <td>{behind(row)}</td> : ""}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MAX_ROWS
        ? <p class="quiet">{rows.length - MAX_ROWS} more are not shown</p>
        : ""}
    </div>
  );
}

function Pairs({ value }: { readonly value: Readonly<Record<string, unknown>> }): Element {
  return (
    <dl>
      {Object.entries(value).map(([key, each]) => (
        <>
          <dt>{words(key)}</dt>
          <dd>{isRows(each) && each.length > 0 ? <RowTable rows={each} /> : textOf(each)}</dd>
        </>
      ))}
    </dl>
  );
}

/** A value in a cell: text as it is, times readable, lists with commas, the rest as JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return clipped(isTime(value) ? readableTime(value) : value);
  if (typeof value === "number") return value.toLocaleString("en-GB");
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) {
    return clipped(value.join(", "));
  }
  return typeof value === "boolean"
    ? (value ? "yes" : "no")
    : clipped(JSON.stringify(value, null, 2));
}

/** What a record itself has, whatever its keys are called. */
export function ownValue(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function clipped(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)} …`;
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text);
}

function readableTime(text: string): string {
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** `peerId` as `Peer id`. */
export function words(key: string): string {
  const spaced = key.replace(/[_-]+/g, " ").replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function isRows(value: unknown): value is Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.every(isRecord);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
