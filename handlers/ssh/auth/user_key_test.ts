import { ok, strictEqual } from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import fc from "fast-check";

import { SshWriter } from "../wire/ssh_writer.ts";
import { isSignedBy, parseUserKey, sshFingerprint } from "./user_key.ts";

const MESSAGE = new TextEncoder().encode("what is signed");

Deno.test("parseUserKey() takes any bytes and never throws", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    parseUserKey(bytes);
  }));
  const types = fc.constantFrom(
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
  );
  fc.assert(fc.property(types, fc.array(fc.uint8Array({ maxLength: 70 })), (type, parts) => {
    const writer = new SshWriter().string(type);
    for (const part of parts) writer.string(part);
    parseUserKey(writer.finish());
  }));
});

Deno.test("isSignedBy() takes any signature and never throws", () => {
  const keys = [ed25519().blob, ecdsa("P-256").blob, rsa(2_048).blob];
  fc.assert(fc.property(fc.constantFrom(...keys), fc.uint8Array(), (blob, signature) => {
    const key = parseUserKey(blob);
    ok(key);
    for (const algorithm of key.key.algorithms) {
      strictEqual(isSignedBy(key.key, MESSAGE, signature, algorithm), false);
    }
  }));
});

for (const curve of ["P-256", "P-384", "P-521"] as const) {
  Deno.test(`isSignedBy() checks ECDSA on ${curve}`, () => {
    const { blob, algorithm, sign } = ecdsa(curve);
    assertChecks(blob, algorithm, sign(MESSAGE));
  });
}

Deno.test("isSignedBy() checks Ed25519 (RFC 8709)", () => {
  const { blob, sign } = ed25519();
  assertChecks(blob, "ssh-ed25519", sign(MESSAGE));
});

Deno.test("isSignedBy() checks RSA with SHA-2, and never with SHA-1 (RFC 8332)", () => {
  const { blob, signWith } = rsa(2_048);
  assertChecks(blob, "rsa-sha2-256", signWith("sha256", "rsa-sha2-256", MESSAGE));
  assertChecks(blob, "rsa-sha2-512", signWith("sha512", "rsa-sha2-512", MESSAGE));
  const key = parseUserKey(blob);
  ok(key);
  strictEqual(isSignedBy(key.key, MESSAGE, signWith("sha1", "ssh-rsa", MESSAGE), "ssh-rsa"), false);
});

Deno.test("parseUserKey() takes no RSA key that is too short", () => {
  strictEqual(parseUserKey(rsa(1_024).blob), undefined);
});

Deno.test("isSignedBy() checks FIDO keys, and wants their user to have been there", () => {
  for (const type of ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"]) {
    const { blob, sign } = securityKey(type);
    assertChecks(blob, type, sign(MESSAGE, 1));
    const key = parseUserKey(blob);
    ok(key);
    strictEqual(isSignedBy(key.key, MESSAGE, sign(MESSAGE, 0), type), false);
  }
});

Deno.test("sshFingerprint() writes what ssh-keygen -l shows", () => {
  strictEqual(
    sshFingerprint(new Uint8Array(0)),
    "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
  );
});

/** The right signature passes, and neither another message, nor algorithm, nor a changed one does. */
function assertChecks(blob: Uint8Array, algorithm: string, signature: Uint8Array): void {
  const key = parseUserKey(blob);
  ok(key, `${algorithm} was not read`);
  strictEqual(isSignedBy(key.key, MESSAGE, signature, algorithm), true, algorithm);
  strictEqual(isSignedBy(key.key, MESSAGE.slice(1), signature, algorithm), false);
  strictEqual(isSignedBy(key.key, MESSAGE, signature, "ssh-dss"), false);
  const changed = signature.map((byte, at) => at === signature.length - 20 ? byte ^ 1 : byte);
  strictEqual(isSignedBy(key.key, MESSAGE, changed, algorithm), false);
}

function ed25519() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const x = raw(publicKey, "x");
  return {
    x,
    blob: new SshWriter().string("ssh-ed25519").string(x).finish(),
    raw: (message: Uint8Array) => sign(null, message, privateKey),
    sign: (message: Uint8Array) =>
      new SshWriter().string("ssh-ed25519").string(sign(null, message, privateKey)).finish(),
  };
}

function ecdsa(curve: "P-256" | "P-384" | "P-521") {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const name = curve.replace("P-", "nistp");
  const algorithm = `ecdsa-sha2-${name}`;
  const hash = { "P-256": "sha256", "P-384": "sha384", "P-521": "sha512" }[curve];
  const point = new Uint8Array([4, ...raw(publicKey, "x"), ...raw(publicKey, "y")]);
  const both = (message: Uint8Array): Uint8Array => {
    const joined = sign(hash, message, { key: privateKey, dsaEncoding: "ieee-p1363" });
    const half = joined.length / 2;
    return new SshWriter().string(mpint(joined.subarray(0, half))).string(
      mpint(joined.subarray(half)),
    )
      .finish();
  };
  return {
    algorithm,
    point,
    both,
    blob: new SshWriter().string(algorithm).string(name).string(point).finish(),
    sign: (message: Uint8Array) => new SshWriter().string(algorithm).string(both(message)).finish(),
  };
}

function rsa(modulusLength: number) {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength });
  const blob = new SshWriter().string("ssh-rsa").string(mpint(raw(publicKey, "e")))
    .string(mpint(raw(publicKey, "n"))).finish();
  const signWith = (hash: string, algorithm: string, message: Uint8Array): Uint8Array =>
    new SshWriter().string(algorithm).string(sign(hash, message, privateKey)).finish();
  return { blob, signWith };
}

function securityKey(type: string) {
  const application = "ssh:";
  const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();
  const signed = (message: Uint8Array, flags: number) =>
    new Uint8Array([...sha256(application), flags, 0, 0, 0, 9, ...sha256(message)]);
  const finish = (inner: Uint8Array, flags: number) =>
    new SshWriter().string(type).string(inner).byte(flags).uint32(9).finish();
  if (type.startsWith("sk-ssh")) {
    const key = ed25519();
    return {
      blob: new SshWriter().string(type).string(key.x).string(application).finish(),
      sign: (message: Uint8Array, flags: number) => finish(key.raw(signed(message, flags)), flags),
    };
  }
  const key = ecdsa("P-256");
  return {
    blob: new SshWriter().string(type).string("nistp256").string(key.point).string(application)
      .finish(),
    sign: (message: Uint8Array, flags: number) => finish(key.both(signed(message, flags)), flags),
  };
}

function raw(key: KeyObject, part: "x" | "y" | "e" | "n"): Uint8Array {
  return Uint8Array.fromBase64(key.export({ format: "jwk" })[part] ?? "", {
    alphabet: "base64url",
  });
}

function mpint(digits: Uint8Array): Uint8Array {
  let start = 0;
  while (digits[start] === 0) start++;
  const rest = digits.subarray(start);
  return (rest[0] ?? 0) >= 128 ? new Uint8Array([0, ...rest]) : rest;
}
