import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { generateNodeKey, issueLeaf } from "@alknet/core";

import { checkOptions, isAcmeName, MAX_NAMES } from "./acme_options.ts";
import { AcmeError, AcmeOptionsError } from "./errors.ts";
import { renewalTime, retryDelayMs } from "./schedule.ts";

const HOUR_MS = 3_600_000;

Deno.test("a certificate is renewed at two thirds of its life, or up to a twentieth earlier", async () => {
  const now = new Date("2026-01-02T00:00:00Z");
  const leaf = await issueLeaf(await generateNodeKey(), { now, days: 11 }); // and the day before
  const from = now.getTime() - 24 * HOUR_MS;
  const hours = (random: number): number =>
    (renewalTime(leaf, { random: () => random }).getTime() - from) / HOUR_MS;
  strictEqual(Math.round(hours(0)), 12 * 24 * 2 / 3);
  strictEqual(Math.round(hours(0.999_999) * 10), Math.round(12 * 24 * (2 / 3 - 1 / 20) * 10));
});

Deno.test("attempts come further and further apart, and never before the server wants", () => {
  const schedule = { random: () => 0 };
  const waits = [1, 2, 3, 20].map((failures) => retryDelayMs(failures, undefined, schedule));
  deepStrictEqual(waits, [300_000, 600_000, 1_200_000, 43_200_000]);
  const problem = { type: "", detail: "", status: 429, retryAfterMs: 50_000_000 };
  const error = new AcmeError({ action: "order", problem });
  strictEqual(retryDelayMs(1, error, schedule), 50_000_000);
});

Deno.test("options that could not lead to a certificate are refused before anybody is asked", () => {
  const storage = { read: () => Promise.resolve(undefined), write: () => Promise.resolve() };
  const good = { names: ["A.example", "a.example"], termsAgreed: true, storage };
  deepStrictEqual(checkOptions(good).names, ["a.example"]);
  const many = Array.from({ length: MAX_NAMES + 1 }, (_, at) => `n${at}.example`);
  const bad = [
    ...[[], ["*.example"], ["192.0.2.1"], ["a..b"], ["-a.example"], many].map((names) => ({
      names,
    })),
    { termsAgreed: false },
    { directoryUrl: "http://ca.example/" },
    { types: [] },
  ];
  for (const each of bad) throws(() => checkOptions({ ...good, ...each }), AcmeOptionsError);
  ok(isAcmeName("xn--bcher-kva.example"));
});
