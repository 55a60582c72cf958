import { match, notStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { issueLeaf, type Leaf } from "./certificate.ts";
import {
  type CertificateSource,
  fileCertificates,
  nodeCertificates,
} from "./certificate_source.ts";
import { ListenError } from "./errors.ts";
import { generateNodeKey } from "./node_id.ts";
import { missing, testOrSkip } from "../../tests/tools/skip.ts";

const KEY = await generateNodeKey();

Deno.test("nodeCertificates() issues a new leaf at every rotation, until it is disposed of", async () => {
  using source = await nodeCertificates(KEY, { names: ["Node.Example"], rotateEveryMs: 20 });
  const first = source.leaf;
  await changed(source);
  notStrictEqual(source.leaf.cert, first.cert);
  strictEqual(source.names[1], "node.example");
});

Deno.test("fileCertificates() reads a changed pair again and tells of it", async () => {
  await using files = await Files.create();
  using source = await fileCertificates({ ...files, pollMs: 20 });
  strictEqual(source.leaf.cert, files.first.cert);
  strictEqual(source.names.includes("first.example"), true);
  const next = await issueLeaf(KEY, { names: ["next.example"] });
  await files.write(next);
  await changed(source);
  strictEqual(source.leaf.cert, next.cert);
  strictEqual(source.leaf.sha256.toHex(), next.sha256.toHex());
  strictEqual(source.names.includes("next.example"), true);
  strictEqual(source.names.includes("first.example"), false);
});

Deno.test("fileCertificates() keeps the old pair while the new one is broken", async () => {
  // A renewal writes two files one after the other: in between, key and certificate differ.
  await using files = await Files.create();
  using source = await fileCertificates({ ...files, pollMs: 20 });
  const next = await issueLeaf(KEY);
  for (const broken of [{ ...next, key: files.first.key }, { ...next, cert: "garbage" }]) {
    const error = failed(source);
    await files.write(broken);
    strictEqual(await error instanceof ListenError, true);
    strictEqual(source.leaf.cert, files.first.cert);
  }
  const gone = failed(source);
  await Deno.remove(files.keyFile);
  match(String(await gone), /Cannot read ".*key\.pem"/);
  strictEqual(source.leaf.cert, files.first.cert);
  source.onError = undefined;
  await files.write(next);
  await changed(source);
  strictEqual(source.leaf.cert, next.cert);
});

Deno.test("fileCertificates() refuses a key that belongs to another certificate", async () => {
  await using files = await Files.create();
  await files.write({ ...files.first, key: (await issueLeaf(KEY)).key });
  await rejects(fileCertificates(files), /the private key belongs to another one/);
});

Deno.test("fileCertificates() says which file cannot be read, and why none can be used", async () => {
  await using files = await Files.create();
  const missing = `${files.dir}/missing.pem`;
  await rejects(fileCertificates({ ...files, certFile: missing }), {
    name: "ListenError",
    message: /Cannot read ".*missing\.pem": /,
  });
  await files.write({ ...files.first, key: "-----BEGIN PRIVATE KEY-----\nAA==\n" });
  await rejects(fileCertificates(files), {
    name: "ListenError",
    message: /private key: it is not/,
  });
  await files.write({ ...files.first, cert: "" });
  await rejects(fileCertificates(files), { name: "ListenError", message: /not a PEM chain/ });
});

testOrSkip("a certificate without alternative names has no name", missing("openssl"), async () => {
  // An empty name in the list would match the empty server name of a proof.
  await using files = await Files.create();
  const req = `req -x509 -newkey ed25519 -nodes -subj /CN=x -keyout ${files.keyFile}`;
  await new Deno.Command("openssl", { args: [...req.split(" "), "-out", files.certFile] }).output();
  using source = await fileCertificates(files);
  strictEqual(source.names.length, 0);
});

function changed(source: CertificateSource): Promise<void> {
  return new Promise((resolve) => source.onChange = resolve);
}

function failed(source: CertificateSource): Promise<unknown> {
  return new Promise((resolve) => source.onError = resolve);
}

/** A certificate and its key in a directory of their own. */
class Files implements AsyncDisposable {
  readonly certFile: string;
  readonly keyFile: string;

  private constructor(readonly dir: string, readonly first: Leaf) {
    this.certFile = `${dir}/cert.pem`;
    this.keyFile = `${dir}/key.pem`;
  }

  static async create(): Promise<Files> {
    const first = await issueLeaf(KEY, { names: ["first.example"] });
    const files = new Files(await Deno.makeTempDir(), first);
    await files.write(files.first);
    return files;
  }

  /** Both at once, as far as the watcher can see. */
  async write({ cert, key }: Pick<Leaf, "cert" | "key">): Promise<void> {
    Deno.writeTextFileSync(this.certFile, cert);
    Deno.writeTextFileSync(this.keyFile, key);
    await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}
