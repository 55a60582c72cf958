import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";

import { anyText } from "../../../tests/tools/any_text.ts";
import type { Parameter, ParameterPlace, ParameterStyle } from "./parameter.ts";
import { headerText, pairsOf, pathText } from "./serialize.ts";

const COLORS = ["blue", "black", "brown"];
const RGB = { R: 100, G: 200, B: 150 };

function parameter(place: ParameterPlace, style: ParameterStyle, explode: boolean): Parameter {
  const rest = { required: true, allowReserved: false, json: false };
  return { key: "color", name: "color", in: place, style, explode, ...rest };
}

/** The table of OpenAPI 3.1.1, section "Style Examples", as far as it is defined. */
const PATHS: [ParameterStyle, boolean, unknown, string][] = [
  ["matrix", false, "blue", ";color=blue"],
  ["matrix", false, "", ";color="],
  ["matrix", false, COLORS, ";color=blue,black,brown"],
  ["matrix", false, RGB, ";color=R,100,G,200,B,150"],
  ["matrix", true, COLORS, ";color=blue;color=black;color=brown"],
  ["matrix", true, RGB, ";R=100;G=200;B=150"],
  ["label", false, "blue", ".blue"],
  ["label", false, COLORS, ".blue,black,brown"],
  ["label", false, RGB, ".R,100,G,200,B,150"],
  ["label", true, COLORS, ".blue.black.brown"],
  ["label", true, RGB, ".R=100.G=200.B=150"],
  ["simple", false, "blue", "blue"],
  ["simple", false, COLORS, "blue,black,brown"],
  ["simple", false, RGB, "R,100,G,200,B,150"],
  ["simple", true, RGB, "R=100,G=200,B=150"],
];

Deno.test("parameters of paths are written as in the table of OpenAPI", () => {
  for (const [style, explode, value, text] of PATHS) {
    strictEqual(pathText(parameter("path", style, explode), value), text);
  }
});

const QUERIES: [ParameterStyle, boolean, unknown, string][] = [
  ["form", false, "blue", "color=blue"],
  ["form", false, "", "color="],
  ["form", false, COLORS, "color=blue,black,brown"],
  ["form", false, RGB, "color=R,100,G,200,B,150"],
  ["form", true, COLORS, "color=blue&color=black&color=brown"],
  ["form", true, RGB, "R=100&G=200&B=150"],
  ["spaceDelimited", false, COLORS, "color=blue%20black%20brown"],
  ["spaceDelimited", false, RGB, "color=R%20100%20G%20200%20B%20150"],
  ["pipeDelimited", false, COLORS, "color=blue%7Cblack%7Cbrown"],
  ["pipeDelimited", false, RGB, "color=R%7C100%7CG%7C200%7CB%7C150"],
  ["deepObject", true, RGB, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"],
  ["deepObject", true, { a: { b: [1, 2] } }, "color%5Ba%5D%5Bb%5D=1&color%5Ba%5D%5Bb%5D=2"],
];

Deno.test("parameters of queries are written as in the table of OpenAPI", () => {
  for (const [style, explode, value, text] of QUERIES) {
    const pairs = pairsOf(parameter("query", style, explode), value);
    strictEqual(pairs.map(([name, each]) => `${name}=${each}`).join("&"), text);
  }
});

Deno.test("reserved characters stay where that is asked for, but never end the value", () => {
  const open = { ...parameter("query", "form", true), allowReserved: true };
  deepStrictEqual(pairsOf(open, "a/b?c=1&d#e%+ "), [["color", "a/b?c%3D1%26d%23e%25%2B%20"]]);
  const asJson = { ...open, allowReserved: false, json: true };
  deepStrictEqual(pairsOf(asJson, { a: [1] }), [["color", "%7B%22a%22%3A%5B1%5D%7D"]]);
  strictEqual(headerText(parameter("header", "simple", false), ["a", 1, true, null]), "a,1,true,");
});

Deno.test("whatever the value, nothing of it ends a segment, a pair or a query", () => {
  const value = fc.oneof(
    anyText(),
    fc.array(anyText()),
    fc.dictionary(anyText(), fc.anything()),
  );
  const style = fc.constantFrom<ParameterStyle>("form", "deepObject", "pipeDelimited");
  fc.assert(fc.property(value, style, fc.boolean(), (given, by, explode) => {
    const text = pathText(parameter("path", explode ? "simple" : "label", explode), given);
    strictEqual(/[/?#\\\s]/.test(text), false, text);
    for (const pair of pairsOf(parameter("query", by, explode), given)) {
      for (const part of pair) strictEqual(/[&#=\s+]/.test(part), false, part);
    }
  }));
});
