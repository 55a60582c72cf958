import { excess, type JsonSchema } from "@alknet/operations";

import type { PlainRecord } from "../plain_data.ts";
import { type CopiedSchema, copySchema, type Direction, type SchemaVisit } from "./copy_schema.ts";
import { valueAt } from "./reference.ts";

/** A schema of a document, made to stand alone. */
export interface PortableSchema {
  /** What is shown: complete, with the schemas it refers to under `$defs`. */
  readonly shown: JsonSchema;
  /** What values are checked against: without what may take for ever, so it lets more pass. */
  readonly checked: JsonSchema;
}

/** Schemas within one that is checked. What lies beyond lets all pass. */
const MAX_CHECKED_SCHEMAS = 2_000;

/** References within each other in a schema that is checked. */
const MAX_CHECKED_DEPTH = 12;

/** Schemas copied in all, whatever one document makes of its references. */
const MAX_COPIED_SCHEMAS = 1_000_000;

/** Of a schema that is larger only `true` is shown. Below the limits of operations. */
const LIMITS = { maxDepth: 60, maxNodes: 15_000, maxMatchedChars: 0 };

/** Takes schemas out of one document. */
export class SchemaReader {
  readonly #document: PlainRecord;
  #left = MAX_COPIED_SCHEMAS;

  /** Reads from a document that is within limits. */
  constructor(document: PlainRecord) {
    this.#document = document;
  }

  /** Makes a schema of the document stand alone. */
  portable(schema: unknown, direction: Direction): PortableSchema {
    return {
      shown: orTrue(this.#shown(schema, direction)),
      checked: orTrue(this.#checked(schema, { direction, left: MAX_CHECKED_SCHEMAS }, 0).schema),
    };
  }

  #shown(schema: unknown, direction: Direction): JsonSchema {
    const names = new Map<string, string>();
    const defs: Record<string, JsonSchema> = {};
    let left = LIMITS.maxNodes;
    const refer = (reference: string): CopiedSchema => {
      const known = names.get(reference);
      if (known !== undefined) return definition(known);
      const name = freeName(reference, defs);
      names.set(reference, name);
      defs[name] = true; // keeps the name while its schema is copied
      defs[name] = copySchema(valueAt(this.#document, reference), visit).schema;
      return definition(name);
    };
    const enter = (): boolean => left-- > 0 && this.#left-- > 0;
    const visit: SchemaVisit = { direction, refer, enter, exact: true };
    const root = copySchema(schema, visit).schema;
    return names.size === 0 || typeof root === "boolean" ? root : { ...root, $defs: defs };
  }

  /** References are replaced by what they lead to, to a depth; what lies deeper lets all pass. */
  #checked(
    schema: unknown,
    state: { readonly direction: Direction; left: number },
    depth: number,
  ): CopiedSchema {
    return copySchema(schema, {
      direction: state.direction,
      exact: false,
      enter: () => state.left-- > 0 && this.#left-- > 0,
      refer: (reference) =>
        depth < MAX_CHECKED_DEPTH
          ? this.#checked(valueAt(this.#document, reference), state, depth + 1)
          : undefined,
    });
  }
}

function definition(name: string): CopiedSchema {
  return { schema: { $ref: `#/$defs/${name}` }, loose: false };
}

/** The last step of a reference, as a key that needs no escaping in another and is not taken. */
function freeName(reference: string, taken: Readonly<Record<string, unknown>>): string {
  const last = reference.slice(reference.lastIndexOf("/") + 1);
  const plain = last.replace(/[^A-Za-z0-9_.-]/g, "_").replace(/^__proto__$/, "_") || "_";
  let name = plain;
  for (let n = 2; Object.hasOwn(taken, name); n++) name = `${plain}_${n}`;
  return name;
}

function orTrue(schema: JsonSchema): JsonSchema {
  return excess(schema, { limits: LIMITS, matched: false }) === undefined ? schema : true;
}
