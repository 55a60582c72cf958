import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate for localhost that signs itself, in files that programs take. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes one, of the kind of key that our node has. */
export function certificate(): Certificate {
  const dir = mkdtempSync(join(tmpdir(), "alknet-bench-"));
  const [certFile, keyFile] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    keyFile,
  ];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...key, ...name, "-days", "2", "-out", certFile], {
    stdio: "ignore",
  });
  const read = (path: string): string => readFileSync(path, "utf8");
  return { certFile, keyFile, cert: read(certFile), key: read(keyFile) };
}
