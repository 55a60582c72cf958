/** Where a parameter goes. */
export type ParameterPlace = "path" | "query" | "header" | "cookie";

/** How a value that is an array or object is written (OpenAPI 3.1 section 4.8.12.2). */
export type ParameterStyle =
  | "simple"
  | "label"
  | "matrix"
  | "form"
  | "spaceDelimited"
  | "pipeDelimited"
  | "deepObject";

/** One parameter of an HTTP operation. */
export interface Parameter {
  /** Its key in the operation's input. */
  readonly key: string;
  /** Its name in the request. */
  readonly name: string;
  /** Where it goes. */
  readonly in: ParameterPlace;
  /** Whether a call without it is refused. */
  readonly required: boolean;
  /** How arrays and objects are written. */
  readonly style: ParameterStyle;
  /** Whether arrays and objects become several parts. */
  readonly explode: boolean;
  /** Whether characters with a meaning in URLs stay as they are (queries only). */
  readonly allowReserved: boolean;
  /** Whether the value is written as JSON instead. */
  readonly json: boolean;
}
