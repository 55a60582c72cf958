import fc from "fast-check";

import {
  decodeName,
  type FileAttributes,
  type SftpReply,
  type SftpRequest,
  type UnknownRequest,
} from "../mod.ts";

const bytes = fc.uint8Array({ maxLength: 80 });
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.maxSafeNat();

/** Names as they come from any bytes. */
export const name: fc.Arbitrary<string> = bytes.map(decodeName);

/** Attributes; of pairs both or none, as the wire has them. */
export const attrs: fc.Arbitrary<FileAttributes> = fc.tuple(
  fc.record({ size: u64, mode: u32 }, { requiredKeys: [], noNullPrototype: true }),
  fc.option(fc.record({ uid: u32, gid: u32 }, { noNullPrototype: true }), { nil: {} }),
  fc.option(fc.record({ atime: u32, mtime: u32 }, { noNullPrototype: true }), { nil: {} }),
).map((parts) => Object.assign({}, ...parts));

type Known = Exclude<SftpRequest, UnknownRequest>;

function request<K extends Known["kind"]>(
  kind: K,
  fields: {
    readonly [F in keyof Omit<Extract<Known, { kind: K }>, "kind" | "id">]: fc.Arbitrary<unknown>;
  },
): fc.Arbitrary<Known> {
  const shape = { kind: fc.constant(kind), id: u32, ...fields };
  return fc.record(shape, { noNullPrototype: true }) as unknown as fc.Arbitrary<Known>;
}

const check = { algorithms: name, offset: u64, length: u64, blockBytes: u32 };

/** Every request there is. */
export const requests: fc.Arbitrary<Known> = fc.oneof(
  request("open", { path: name, flags: u32, attrs }),
  request("close", { handle: bytes }),
  request("read", { handle: bytes, offset: u64, length: u32 }),
  request("write", { handle: bytes, offset: u64, data: bytes }),
  request("lstat", { path: name }),
  request("fstat", { handle: bytes }),
  request("setstat", { path: name, attrs }),
  request("fsetstat", { handle: bytes, attrs }),
  request("opendir", { path: name }),
  request("readdir", { handle: bytes }),
  request("remove", { path: name }),
  request("mkdir", { path: name, attrs }),
  request("rmdir", { path: name }),
  request("realpath", { path: name }),
  request("stat", { path: name }),
  request("rename", { from: name, to: name }),
  request("readlink", { path: name }),
  request("symlink", { target: name, path: name }),
  request("posixRename", { from: name, to: name }),
  request("statvfs", { path: name }),
  request("fstatvfs", { handle: bytes }),
  request("hardlink", { from: name, to: name }),
  request("fsync", { handle: bytes }),
  request("lsetstat", { path: name, attrs }),
  request("limits", {}),
  request("expandPath", { path: name }),
  request("copyData", { from: bytes, fromOffset: u64, length: u64, to: bytes, toOffset: u64 }),
  request("homeDirectory", { user: name }),
  request("idsToNames", { uids: bytes, gids: bytes }),
  request("checkFile", { handle: bytes, ...check }),
  request("checkHandle", { handle: bytes, ...check }),
  request("checkName", { path: name, ...check }),
);

/** Every reply there is. */
export const replies: fc.Arbitrary<SftpReply> = fc.oneof(
  reply({ kind: fc.constant("status"), id: u32, status: u32, message: name, language: name }),
  reply({ kind: fc.constant("handle"), id: u32, handle: bytes }),
  reply({ kind: fc.constant("data"), id: u32, data: bytes }),
  reply({ kind: fc.constant("attrs"), id: u32, attrs }),
  reply({ kind: fc.constant("extended"), id: u32, payload: bytes }),
  reply({
    kind: fc.constant("name"),
    id: u32,
    entries: fc.array(
      fc.record({ name, longname: name, attrs }, { noNullPrototype: true }),
      { maxLength: 5 },
    ),
  }),
);

function reply(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<SftpReply> {
  return fc.record(fields, { noNullPrototype: true }) as unknown as fc.Arbitrary<SftpReply>;
}
