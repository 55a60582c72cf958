import { join } from "node:path";

import { generateNodeKey } from "@alknet/core";

import { type ClientKey, openSshKey } from "../mod.ts";
import { clientKey } from "./support.ts";

/** A certificate authority of OpenSSH's `ssh-keygen`. */
export class Authority implements AsyncDisposable {
  readonly #directory: string;
  /** Its key in wire form. */
  readonly blob: Uint8Array;

  private constructor(directory: string, blob: Uint8Array) {
    this.#directory = directory;
    this.blob = blob;
  }

  /** Makes one, with a key of a type such as `-t ed25519`. */
  static async create(...type: readonly string[]): Promise<Authority> {
    const directory = await Deno.makeTempDir();
    await keygen("-N", "", "-f", join(directory, "ca"), ...type);
    return new Authority(directory, await blobOf(join(directory, "ca.pub")));
  }

  /** A fresh key with a certificate. */
  async certify(...options: readonly string[]): Promise<ClientKey> {
    const node = await generateNodeKey();
    const file = join(this.#directory, "user.pub");
    await Deno.writeTextFile(file, openSshKey(node.publicKey));
    await keygen("-s", join(this.#directory, "ca"), "-I", "test", ...options, file);
    const blob = await blobOf(join(this.#directory, "user-cert.pub"));
    return { ...clientKey(node), blob, algorithm: "ssh-ed25519-cert-v01@openssh.com" };
  }

  /** A path within its directory, where `ca` and `ca.pub` are. */
  path(name: string): string {
    return join(this.#directory, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}

async function blobOf(file: string): Promise<Uint8Array> {
  return Uint8Array.fromBase64((await Deno.readTextFile(file)).split(" ")[1] ?? "");
}

/** Runs `ssh-keygen`. */
export async function keygen(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ssh-keygen", { args: ["-q", ...args] })
    .output();
  if (!success) throw new TypeError(new TextDecoder().decode(stderr));
}
