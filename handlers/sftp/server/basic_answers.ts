import type { OpenMode } from "../backend.ts";
import { SftpError } from "../sftp_error.ts";
import { canonicalPath } from "../virtual_path.ts";
import { OpenFlag, StatusCode } from "../wire/codes.ts";
import { DATA_HEADER_BYTES, DataReply, encodeReply } from "../wire/replies.ts";
import type { NameEntry } from "../wire/fields.ts";
import type { ExtensionKind, SftpRequest } from "../wire/requests.ts";
import { done, named, oneName, status } from "./answer_packets.ts";
import type { FileHandle } from "./handles.ts";
import { PACKET_OVERHEAD_BYTES } from "./limits.ts";
import { longName } from "./long_name.ts";
import type { Answers } from "./state.ts";

/** Names in one answer; the longest ones still fit a packet. */
const ENTRIES_AT_ONCE = 128;

/** Requests of draft-ietf-secsh-filexfer-02 itself. */
export const BASIC_ANSWERS: Answers<Exclude<SftpRequest["kind"], ExtensionKind>> = {
  async open({ backend, handles }, { id, path, flags, attrs }) {
    handles.assertRoom();
    const canonical = canonicalPath(path);
    const mode = modeOf(flags, attrs.mode);
    const file = await backend.open(canonical, mode);
    const knownSize = file.size ?? 0;
    return named(id, handles.add({ kind: "file", path: canonical, file, mode, knownSize }));
  },
  async close({ handles }, { id, handle }) {
    await handles.close(handle);
    return done(id);
  },
  async read({ handles, limits, rooms }, { id, handle, offset, length }) {
    const held = handles.file(handle);
    if (!held.mode.read) throw new SftpError(StatusCode.PermissionDenied);
    const wanted = Math.min(length, limits.maxPacketBytes - PACKET_OVERHEAD_BYTES);
    const count = await readable(held, offset, wanted);
    if (count === 0) return status(id, StatusCode.Eof);
    const reply = new DataReply(id, rooms.take(DATA_HEADER_BYTES + count));
    const filled = await fill(reply.room.subarray(0, count), held, offset);
    return filled === 0 ? status(id, StatusCode.Eof) : reply.packet(filled);
  },
  async write({ handles }, { id, handle, offset, data }) {
    const { file, mode } = handles.file(handle);
    if (!mode.write) throw new SftpError(StatusCode.PermissionDenied);
    await file.write(data, offset);
    return done(id);
  },
  async lstat({ backend }, { id, path }) {
    return encodeReply({ kind: "attrs", id, attrs: await backend.lstat(canonicalPath(path)) });
  },
  async stat({ backend }, { id, path }) {
    return encodeReply({ kind: "attrs", id, attrs: await backend.stat(canonicalPath(path)) });
  },
  async fstat({ backend, handles }, { id, handle }) {
    const held = handles.any(handle);
    const stat = held.kind === "file" ? await held.file.stat() : await backend.stat(held.path);
    return encodeReply({ kind: "attrs", id, attrs: stat });
  },
  async setstat({ backend }, { id, path, attrs }) {
    await backend.setstat(canonicalPath(path), attrs, { follow: true });
    return done(id);
  },
  async fsetstat({ backend, handles }, { id, handle, attrs }) {
    const held = handles.any(handle);
    if (held.kind === "file") await held.file.setstat(attrs);
    else await backend.setstat(held.path, attrs, { follow: true });
    return done(id);
  },
  async opendir({ backend, handles }, { id, path }) {
    handles.assertRoom();
    const canonical = canonicalPath(path);
    const directory = await backend.list(canonical);
    return named(id, handles.add({ kind: "directory", path: canonical, directory }));
  },
  async readdir({ handles }, { id, handle }) {
    const found = await handles.directory(handle).directory.next(ENTRIES_AT_ONCE);
    if (!found) return status(id, StatusCode.Eof);
    const now = Date.now() / 1000;
    const entries = found.map(({ name, stat }): NameEntry => ({
      name,
      longname: longName(name, stat, now),
      attrs: stat,
    }));
    return encodeReply({ kind: "name", id, entries });
  },
  async remove({ backend }, { id, path }) {
    await backend.remove(canonicalPath(path));
    return done(id);
  },
  async mkdir({ backend }, { id, path, attrs }) {
    await backend.mkdir(canonicalPath(path), attrs.mode);
    return done(id);
  },
  async rmdir({ backend }, { id, path }) {
    await backend.rmdir(canonicalPath(path));
    return done(id);
  },
  async realpath({ backend }, { id, path }) {
    return oneName(id, await backend.realpath(canonicalPath(path)));
  },
  async rename({ backend }, { id, from, to }) {
    await backend.rename(canonicalPath(from), canonicalPath(to), { replace: false });
    return done(id);
  },
  async readlink({ backend }, { id, path }) {
    return oneName(id, await backend.readlink(canonicalPath(path)));
  },
  async symlink({ backend }, { id, target, path }) {
    await backend.symlink(canonicalPath(path), target);
    return done(id);
  },
  unknown(_state, { id }) {
    return Promise.resolve(status(id, StatusCode.OpUnsupported));
  },
};

function modeOf(flags: number, mode: number | undefined): OpenMode {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const write = has(OpenFlag.Write);
  const read = has(OpenFlag.Read);
  if (!read && !write) throw new SftpError(StatusCode.Failure, "Open neither to read nor to write");
  return {
    read,
    write,
    append: write && has(OpenFlag.Append),
    create: write && has(OpenFlag.Create),
    truncate: write && has(OpenFlag.Truncate),
    exclusive: write && has(OpenFlag.Exclusive),
    mode,
  };
}

/** How many bytes there are to read, so that no memory is taken for more. */
async function readable(held: FileHandle, offset: number, wanted: number): Promise<number> {
  if (offset + wanted > held.knownSize) held.knownSize = (await held.file.stat()).size;
  return Math.max(0, Math.min(wanted, held.knownSize - offset));
}

/** Reads until the room is full or the file ends; returns how many bytes that were. */
async function fill(room: Uint8Array, { file }: FileHandle, offset: number): Promise<number> {
  let filled = 0;
  while (filled < room.length) {
    const more = await file.read(room.subarray(filled), offset + filled);
    if (more === 0) break;
    filled += more;
  }
  return filled;
}
