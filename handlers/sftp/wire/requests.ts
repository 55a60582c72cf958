import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { type FieldsOf, readFields, type Shape, writeFields } from "./fields.ts";
import { WireError } from "./wire_error.ts";

/** Requests of draft-ietf-secsh-filexfer-02: type on the wire, and fields. */
export const REQUESTS = {
  open: { code: 3, shape: { path: "name", flags: "u32", attrs: "attrs" } },
  close: { code: 4, shape: { handle: "bytes" } },
  read: { code: 5, shape: { handle: "bytes", offset: "u64", length: "u32" } },
  write: { code: 6, shape: { handle: "bytes", offset: "u64", data: "bytes" } },
  lstat: { code: 7, shape: { path: "name" } },
  fstat: { code: 8, shape: { handle: "bytes" } },
  setstat: { code: 9, shape: { path: "name", attrs: "attrs" } },
  fsetstat: { code: 10, shape: { handle: "bytes", attrs: "attrs" } },
  opendir: { code: 11, shape: { path: "name" } },
  readdir: { code: 12, shape: { handle: "bytes" } },
  remove: { code: 13, shape: { path: "name" } },
  mkdir: { code: 14, shape: { path: "name", attrs: "attrs" } },
  rmdir: { code: 15, shape: { path: "name" } },
  realpath: { code: 16, shape: { path: "name" } },
  stat: { code: 17, shape: { path: "name" } },
  rename: { code: 18, shape: { from: "name", to: "name" } },
  readlink: { code: 19, shape: { path: "name" } },
  /** The order of OpenSSH and so of everybody, not that of the draft. */
  symlink: { code: 20, shape: { target: "name", path: "name" } },
} as const satisfies Record<string, { code: number; shape: Shape }>;

/** Requests of type EXTENDED: name on the wire, version that is announced, and fields. */
export const EXTENDED_REQUESTS = {
  posixRename: {
    name: "posix-rename@openssh.com",
    version: "1",
    shape: { from: "name", to: "name" },
  },
  statvfs: { name: "statvfs@openssh.com", version: "2", shape: { path: "name" } },
  fstatvfs: { name: "fstatvfs@openssh.com", version: "2", shape: { handle: "bytes" } },
  hardlink: { name: "hardlink@openssh.com", version: "1", shape: { from: "name", to: "name" } },
  fsync: { name: "fsync@openssh.com", version: "1", shape: { handle: "bytes" } },
  lsetstat: { name: "lsetstat@openssh.com", version: "1", shape: { path: "name", attrs: "attrs" } },
  limits: { name: "limits@openssh.com", version: "1", shape: {} },
  expandPath: { name: "expand-path@openssh.com", version: "1", shape: { path: "name" } },
  copyData: {
    name: "copy-data",
    version: "1",
    shape: { from: "bytes", fromOffset: "u64", length: "u64", to: "bytes", toOffset: "u64" },
  },
  homeDirectory: { name: "home-directory", version: "1", shape: { user: "name" } },
  idsToNames: {
    name: "users-groups-by-id@openssh.com",
    version: "1",
    shape: { uids: "bytes", gids: "bytes" },
  },
  /** The same as the next, as paramiko names it. */
  checkFile: {
    name: "check-file",
    version: "1",
    shape: { handle: "bytes", algorithms: "name", offset: "u64", length: "u64", blockBytes: "u32" },
  },
  checkHandle: {
    name: "check-file-handle",
    version: "1",
    shape: { handle: "bytes", algorithms: "name", offset: "u64", length: "u64", blockBytes: "u32" },
  },
  checkName: {
    name: "check-file-name",
    version: "1",
    shape: { path: "name", algorithms: "name", offset: "u64", length: "u64", blockBytes: "u32" },
  },
} as const satisfies Record<string, { name: string; version: string; shape: Shape }>;

/** Every request by its kind, with its fields. */
export type RequestShapes = typeof REQUESTS & typeof EXTENDED_REQUESTS;

/** Every request but INIT, by its kind. */
export type SftpRequest =
  | {
    [K in keyof RequestShapes]:
      & { readonly kind: K; readonly id: number }
      & FieldsOf<
        RequestShapes[K]["shape"]
      >;
  }[keyof RequestShapes]
  | UnknownRequest;

/** A request that nobody here knows; it has an id to refuse it by. */
export interface UnknownRequest {
  /** Tells it from the others. */
  readonly kind: "unknown";
  /** The id to answer under. */
  readonly id: number;
}

/** Names of the requests of type EXTENDED. */
export type ExtensionKind = keyof typeof EXTENDED_REQUESTS;

/** Extensions as they are announced, by kind. */
export const EXTENSIONS: ReadonlyMap<ExtensionKind, { name: string; data: string }> = new Map(
  (Object.keys(EXTENDED_REQUESTS) as ExtensionKind[])
    .map((
      kind,
    ) => [kind, { name: EXTENDED_REQUESTS[kind].name, data: EXTENDED_REQUESTS[kind].version }]),
);

interface Described {
  readonly kind: string;
  readonly shape: Shape;
}

const TYPE_EXTENDED = 200;
const DATA_OVERHEAD_BYTES = 64;
const BY_CODE: ReadonlyMap<number, Described> = new Map(
  Object.entries(REQUESTS).map(([kind, { code, shape }]) => [code, { kind, shape }]),
);
const BY_NAME: ReadonlyMap<string, Described> = new Map(
  Object.entries(EXTENDED_REQUESTS).map(([kind, { name, shape }]) => [name, { kind, shape }]),
);

/** A request that could not be read, though its id could. */
export class RequestError extends WireError {
  /** The id to answer under. */
  readonly id: number;

  /** Takes the id and what was wrong. */
  constructor(id: number, cause: WireError) {
    super(cause.message, { cause });
    this.id = id;
  }
}

/**
 * Reads a request. What follows its fields is not looked at, as in OpenSSH: pkg/sftp of Go, with
 * which rclone is made, sends the rest of its buffer behind the data of a short WRITE.
 *
 * @param packet A whole packet without its length. Fields of bytes are views of it.
 * @returns The request; kind `unknown` for types and extensions that are not known here.
 * @throws {RequestError} When its fields are not those of its type.
 * @throws {WireError} When there is not even an id.
 */
export function decodeRequest(packet: Uint8Array): SftpRequest {
  const reader = new ByteReader(packet);
  const code = reader.u8();
  const id = reader.u32();
  try {
    const found = code === TYPE_EXTENDED ? BY_NAME.get(reader.name()) : BY_CODE.get(code);
    if (!found) return { kind: "unknown", id };
    return { kind: found.kind, id, ...readFields(reader, found.shape) } as SftpRequest;
  } catch (error) {
    throw error instanceof WireError ? new RequestError(id, error) : error;
  }
}

/**
 * Writes a request.
 *
 * @param request Any request of a known kind.
 * @returns The packet, its length in front.
 * @throws {WireError} For a name or number that the wire cannot carry.
 */
export function encodeRequest(
  request: Exclude<SftpRequest, UnknownRequest>,
): Uint8Array<ArrayBuffer> {
  const size = request.kind === "write" ? request.data.length + DATA_OVERHEAD_BYTES : undefined;
  const writer = new ByteWriter(size);
  const { kind, id } = request;
  if (kind in REQUESTS) writer.u8(REQUESTS[kind as keyof typeof REQUESTS].code).u32(id);
  else writer.u8(TYPE_EXTENDED).u32(id).name(EXTENDED_REQUESTS[kind as ExtensionKind].name);
  const shape: Shape = { ...REQUESTS, ...EXTENDED_REQUESTS }[kind].shape;
  writeFields(writer, shape, request as unknown as FieldsOf<Shape>);
  return writer.packet();
}
