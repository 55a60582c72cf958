/** The gRPC peer alone, to be bundled for Node: Deno's node:http2 does not serve it over TLS. */
import { grpcPeer } from "./grpc.ts";
import { play } from "./play.ts";

await play(grpcPeer);
