/**
 * ZeroMQ in TypeScript: ZMTP 3.1 on Bun, Deno and Node, without native code.
 *
 * The door of the room. It needs nothing of the rest of Warren.
 */

// sockets
export { openSocket } from "./openSocket.ts"
export type { Offer, OnEvent, SocketEvent, SocketStats, ZmtpSocket } from "./ZmtpSocket.ts"
export type { CurveClientOptions, CurveServerOptions, HeartbeatOptions, SocketOptions } from "./SocketOptions.ts"
export type { SocketType } from "./SocketType.ts"
export type { Message } from "./Session.ts"

// what can go wrong
export {
  InvalidEndpoint,
  InvalidSocketOption,
  LibzmqUnavailable,
  OutOfTurn,
  SocketClosed,
  UnfitMessage,
  Unreachable,
  Unroutable,
} from "./SocketError.ts"
export type { ReceiveError, SendError } from "./SocketError.ts"

// keys
export { deriveKeys, generateKeys, keysOf } from "./curve/keys.ts"
export type { CurveKeys } from "./curve/keys.ts"

// the runtime's network
export { layerNode } from "./nodeStreams.ts"
export { Streams } from "./Streams.ts"
export type { ByteStream, StreamEvents } from "./Streams.ts"
