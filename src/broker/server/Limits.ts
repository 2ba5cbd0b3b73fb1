/**
 * How much a server gives: to one connection, and to all of them together.
 *
 * Read by the sessions and by the server; decided by whoever starts it. Everything is limited before memory is given.
 */

/** The limits; bytes and ms. */
export interface Limits {
  /** Longest frame, which a client may lower. @default 131072 */
  readonly frameMax: number
  /** Channels of a connection, which a client may lower. @default 2047 */
  readonly channelMax: number
  /** Seconds between signs of life that are asked for. @default 60 */
  readonly heartbeat: number
  /** Longest body of a message. @default 16 MiB */
  readonly messageBytes: number
  /** Connections at a time; one more is closed at once. @default 10000 */
  readonly connections: number
  /** Until a connection is open, ms; one that takes longer is closed. @default 10000 */
  readonly handshakeTime: number
  /** Bytes that wait for a peer to read them; beyond, its consumers are passed over until half of it is gone. @default 1 MiB */
  readonly outputBytes: number
  /** Bytes of messages and buffers; beyond, publishers are not read. @default 1 GiB */
  readonly memoryHigh: number
  /** Below, publishers are read again. @default 0.8 GiB */
  readonly memoryLow: number
}

const MiB = 1024 * 1024

/** What holds where nothing else is said. */
export const defaultLimits: Limits = {
  frameMax: 131_072,
  channelMax: 2047,
  heartbeat: 60,
  messageBytes: 16 * MiB,
  connections: 10_000,
  handshakeTime: 10_000,
  outputBytes: MiB,
  memoryHigh: 1024 * MiB,
  memoryLow: 819 * MiB,
}
