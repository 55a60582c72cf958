import { type FileSystemStat, READ_MODE } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { canonicalPath } from "../virtual_path.ts";
import { ByteReader } from "../wire/byte_reader.ts";
import { ByteWriter } from "../wire/byte_writer.ts";
import { StatusCode } from "../wire/codes.ts";
import type { ExtensionKind } from "../wire/requests.ts";
import { extended, oneName, status } from "./answer_packets.ts";
import { checkFile } from "./check_file.ts";
import { copyData } from "./copy_data.ts";
import { PACKET_OVERHEAD_BYTES } from "./limits.ts";
import type { Answers } from "./state.ts";

/** Ids whose names are looked up in one request. */
const MAX_IDS = 1_024;
const READ_ONLY_FLAG = 1;
const NO_SET_ID_FLAG = 2;

/** Requests of type EXTENDED (OpenSSH's PROTOCOL file, sections 4.3 to 4.11, and two drafts). */
export const EXTENDED_ANSWERS: Answers<ExtensionKind> = {
  async posixRename({ backend }, { id, from, to }) {
    await backend.rename(canonicalPath(from), canonicalPath(to), { replace: true });
    return status(id, StatusCode.Ok);
  },
  async statvfs({ backend }, { id, path }) {
    return statvfsReply(id, await backend.statvfs(canonicalPath(path)));
  },
  async fstatvfs({ backend, handles }, { id, handle }) {
    return statvfsReply(id, await backend.statvfs(handles.any(handle).path));
  },
  async hardlink({ backend }, { id, from, to }) {
    await backend.link(canonicalPath(from), canonicalPath(to));
    return status(id, StatusCode.Ok);
  },
  async fsync({ handles }, { id, handle }) {
    await handles.file(handle).file.sync();
    return status(id, StatusCode.Ok);
  },
  async lsetstat({ backend }, { id, path, attrs }) {
    await backend.setstat(canonicalPath(path), attrs, { follow: false });
    return status(id, StatusCode.Ok);
  },
  limits({ limits }, { id }) {
    const dataBytes = limits.maxPacketBytes - PACKET_OVERHEAD_BYTES;
    const writer = new ByteWriter().u64(limits.maxPacketBytes).u64(dataBytes).u64(dataBytes)
      .u64(limits.maxHandles);
    return Promise.resolve(extended(id, writer));
  },
  async expandPath({ backend }, { id, path }) {
    const expanded = path.replace(/^~(?=\/|$)/, "/");
    if (expanded.startsWith("~")) throw new SftpError(StatusCode.Failure, "No such user");
    return oneName(id, await backend.realpath(canonicalPath(expanded)));
  },
  copyData,
  homeDirectory(_state, { id }) {
    return Promise.resolve(oneName(id, "/"));
  },
  async idsToNames({ backend }, { id, uids, gids }) {
    const ids = { uids: idsIn(uids), gids: idsIn(gids) };
    const { users, groups } = await backend.names?.(ids) ?? {
      users: ids.uids.map(() => ""),
      groups: ids.gids.map(() => ""),
    };
    return extended(id, new ByteWriter().bytes(packed(users)).bytes(packed(groups)));
  },
  checkFile: ({ handles, signal }, request) =>
    checkFile(handles.file(request.handle), request, signal),
  checkHandle: ({ handles, signal }, request) =>
    checkFile(handles.file(request.handle), request, signal),
  async checkName({ backend, signal }, request) {
    const file = await backend.open(canonicalPath(request.path), READ_MODE);
    try {
      return await checkFile({ file, mode: READ_MODE }, request, signal);
    } finally {
      await file.close();
    }
  },
};

function statvfsReply(id: number, stat: FileSystemStat): Uint8Array {
  const writer = new ByteWriter()
    .u64(stat.blockBytes).u64(stat.blockBytes)
    .u64(stat.blocks).u64(stat.freeBlocks).u64(stat.availableBlocks)
    .u64(stat.files).u64(stat.freeFiles).u64(stat.availableFiles)
    .u64(0) // no id: it would tell which file system of the host it is
    .u64((stat.readOnly ? READ_ONLY_FLAG : 0) | NO_SET_ID_FLAG)
    .u64(255);
  return extended(id, writer);
}

function idsIn(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0 || bytes.length / 4 > MAX_IDS) {
    throw new SftpError(StatusCode.BadMessage);
  }
  const reader = new ByteReader(bytes);
  return Array.from({ length: bytes.length / 4 }, () => reader.u32());
}

function packed(names: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  for (const name of names) writer.name(name);
  return writer.payload();
}
