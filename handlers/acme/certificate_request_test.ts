import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";

import { capture } from "../../tests/tools/process.ts";
import { missing, testOrSkip } from "../../tests/tools/skip.ts";
import { AccountKey, base64url } from "./account_key.ts";
import { certificateRequest } from "./certificate_request.ts";
import { AcmeOptionsError } from "./errors.ts";

testOrSkip("openssl verifies a request and finds its names", missing("openssl"), async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeFile(file, (await certificateRequest(["a.example", "b.example"])).der);
  const args = ["req", "-inform", "DER", "-in", file, "-verify", "-noout", "-text"];
  const { code, output } = await capture(["openssl", ...args]);
  await Deno.remove(file);
  strictEqual(code, 0, output);
  match(output, /verify OK/);
  match(output, /DNS:a\.example, DNS:b\.example/);
});

Deno.test("what an account key signs is verified with its public half, and bound to its header", async () => {
  const key = await AccountKey.generate();
  const jws = await key.sign({ nonce: "n", url: "https://ca.example/" }, { a: 1 });
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const { jwk } = key;
  const verifier = await crypto.subtle.importKey("jwk", { ...jwk }, algorithm, false, ["verify"]);
  const verify = (text: string): Promise<boolean> => {
    const signature = Uint8Array.fromBase64(jws.signature, { alphabet: "base64url" });
    return crypto.subtle.verify(algorithm, verifier, signature, new TextEncoder().encode(text));
  };
  strictEqual(await verify(`${jws.protected}.${jws.payload}`), true);
  strictEqual(await verify(`${jws.protected}.${base64url(new TextEncoder().encode("{}"))}`), false);
  strictEqual((await key.sign({}, undefined)).payload, "");
});

Deno.test("an account key is the same after it was kept, and garbage is none", async () => {
  const key = await AccountKey.generate();
  const again = await AccountKey.import(await key.export());
  deepStrictEqual([again.jwk, again.thumbprint], [key.jwk, key.thumbprint]);
  await rejects(AccountKey.import(new Uint8Array(10)), AcmeOptionsError);
});
