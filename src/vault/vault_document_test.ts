import { deepStrictEqual, throws } from "node:assert/strict";

import fc from "fast-check";

import { isArgon2Cost } from "./argon2.ts";
import { VaultFileError } from "./mod.ts";
import { formatVaultDocument, parseVaultDocument, type VaultDocument } from "./vault_document.ts";

const bytesOf = (min: number, max = min) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => new Uint8Array(bytes));

/** Objects as JSON gives them. */
const PLAIN = { noNullPrototype: true } as const;

const KEY_FILE_SLOT = fc.record({
  type: fc.constant("keyfile" as const),
  iv: bytesOf(12),
  data: bytesOf(48),
}, PLAIN);

const PASSPHRASE_SLOT = fc.record({
  type: fc.constant("passphrase" as const),
  salt: bytesOf(16, 64),
  cost: fc.record({
    memoryKib: fc.integer({ min: 128, max: 1_048_576 }),
    passes: fc.integer({ min: 1, max: 16 }),
    parallelism: fc.integer({ min: 1, max: 16 }),
  }, PLAIN).filter(isArgon2Cost),
  iv: bytesOf(12),
  data: bytesOf(48),
}, PLAIN);

const DOCUMENT: fc.Arbitrary<VaultDocument> = fc.record({
  slots: fc.oneof(
    KEY_FILE_SLOT.map((slot) => [slot]),
    PASSPHRASE_SLOT.map((slot) => [slot]),
    fc.tuple(PASSPHRASE_SLOT, KEY_FILE_SLOT),
  ),
  mnemonic: fc.record({ iv: bytesOf(12), data: bytesOf(17, 300) }, PLAIN),
}, PLAIN);

Deno.test("parseVaultDocument() inverts formatVaultDocument()", () => {
  fc.assert(fc.property(DOCUMENT, (document) => {
    deepStrictEqual(parseVaultDocument(formatVaultDocument(document)), document);
  }));
});

Deno.test("parseVaultDocument() throws its own error on every truncation", () => {
  fc.assert(
    fc.property(DOCUMENT, (document) => {
      const text = formatVaultDocument(document).trimEnd();
      for (let length = 0; length < text.length; length++) {
        throws(() => parseVaultDocument(text.slice(0, length)), VaultFileError);
      }
    }),
    { numRuns: 5 },
  );
});

Deno.test("parseVaultDocument() throws its own error on any JSON and any text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    throws(() => parseVaultDocument(text), VaultFileError);
  }));
});

Deno.test("parseVaultDocument() throws its own error on a document with a changed part", () => {
  const change = fc.tuple(DOCUMENT, fc.nat(), fc.jsonValue());
  fc.assert(fc.property(change, ([document, at, value]) => {
    const json: unknown = JSON.parse(formatVaultDocument(document));
    const places = [...walk(json)];
    places[at % places.length]?.(value);
    try {
      parseVaultDocument(JSON.stringify(json));
    } catch (error) {
      return error instanceof VaultFileError;
    }
  }));
});

// A hostile file must not make an open demand 100 GB.
Deno.test("parseVaultDocument() refuses a cost outside the limits", () => {
  const [document] = fc.sample(DOCUMENT.filter(({ slots }) => slots[0]?.type === "passphrase"), 1);
  const text = formatVaultDocument(document ?? { slots: [], mnemonic: EMPTY });
  const hostile = text.replace(/"memory_kib": \d+/, '"memory_kib": 104857600');
  throws(() => parseVaultDocument(hostile), /outside the limits/);
});

Deno.test("parseVaultDocument() tells a later version from a damaged file", () => {
  const later = '{"format":"alknet-vault","version":2,"anything":[]}';
  throws(() => parseVaultDocument(later), { name: "VaultFileError", fault: "unsupported" });
  throws(() => parseVaultDocument("{}"), { name: "VaultFileError", fault: "malformed" });
});

const EMPTY = { iv: new Uint8Array(), data: new Uint8Array() };

/** A setter for each place of a JSON value. */
function* walk(value: unknown): Generator<(replacement: unknown) => void> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield (replacement) => Object.assign(value, { [name]: replacement });
    yield* walk(inner);
  }
}
