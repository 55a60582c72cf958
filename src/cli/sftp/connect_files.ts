import { ALPN, connectSftp, type SftpClient } from "@alknet/sftp";
import { dialAs, type DialCommandOptions } from "../dialling.ts";
import type { Paths } from "../paths.ts";

/** The files of a node, until disposed of. */
export interface RemoteFiles extends AsyncDisposable {
  readonly files: SftpClient;
  /** What carries it. */
  readonly transport: string;
}

/** Dials a node and begins an SFTP session there. */
export async function connectFiles(
  paths: Paths,
  target: string,
  options: DialCommandOptions,
): Promise<RemoteFiles> {
  const { conn } = await dialAs(paths, target, ALPN, { ...options, proof: true });
  try {
    const files = await connectSftp(await conn.openStream());
    return {
      files,
      transport: conn.transport,
      [Symbol.asyncDispose]: async () => {
        await files[Symbol.asyncDispose]();
        conn.close();
      },
    };
  } catch (error) {
    conn.close();
    throw error;
  }
}
