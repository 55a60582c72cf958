/** A value found at the start of a buffer, and how many bytes it took. */
export interface Parsed<Value> {
  readonly value: Value;
  readonly used: number;
}
