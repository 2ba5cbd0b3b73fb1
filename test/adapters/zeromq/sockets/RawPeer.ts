/**
 * A peer that is no socket: it writes the bytes that a test wants, and keeps what comes.
 *
 * For peers that break the rules, are older, or fall silent. Knows as much of ZMTP as it takes to get through a handshake.
 */
import { Buffer } from "node:buffer"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"
import { encodeCommand, encodeMetadata } from "../../../../adapters/zeromq/zmtp/commands.ts"

/** How a raw peer greets. */
export interface Greeting {
  /** Minor version of ZMTP 3. @default 1 */
  readonly minor?: number
  /** @default "NULL" */
  readonly mechanism?: string
  readonly asServer?: boolean
}

/** A greeting of 64 bytes. */
export const greeting = ({ minor = 1, mechanism = "NULL", asServer = false }: Greeting = {}): Uint8Array => {
  const bytes = new Uint8Array(64)
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, minor])
  bytes.set(new TextEncoder().encode(mechanism), 12)
  bytes[32] = asServer ? 1 : 0
  return bytes
}

/** A frame: 1 is "more follow", 2 "long", 4 "command". */
export const frame = (flags: number, body: Uint8Array): Uint8Array => {
  if (body.length < 256) return Uint8Array.of(flags, body.length, ...body)
  const head = Buffer.alloc(9)
  head[0] = flags | 2
  head.writeBigUInt64BE(BigInt(body.length), 1)
  return Buffer.concat([head, body])
}

/** The frames of a message of texts. */
export const messageBytes = (...texts: ReadonlyArray<string>): Uint8Array =>
  Buffer.concat(texts.map((text, i) => frame(i < texts.length - 1 ? 1 : 0, new TextEncoder().encode(text))))

/** The READY of a kind of socket. */
export const ready = (type: string, identity = ""): Uint8Array =>
  frame(
    4,
    encodeCommand(
      "READY",
      encodeMetadata([
        ["Socket-Type", new TextEncoder().encode(type)],
        ["Identity", new TextEncoder().encode(identity)],
      ]),
    ),
  )

/** See the top of the file. */
export class RawPeer {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isClosed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on("data", (chunk) => this.#received = Buffer.concat([this.#received, chunk]))
    socket.on("error", () => {})
    socket.on("close", () => this.#isClosed = true)
  }

  /** Connects one to a TCP endpoint. */
  static connect(endpoint: string): Promise<RawPeer> {
    const url = new URL(endpoint)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname)
      socket.once("error", reject)
      socket.once("connect", () => resolve(new RawPeer(socket)))
    })
  }

  /** Whether the other end has closed it. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** All that came so far. */
  get received(): Buffer {
    return this.#received
  }

  /** Whether a text came, anywhere. */
  has(text: string): boolean {
    return this.#received.includes(text)
  }

  write(...pieces: ReadonlyArray<Uint8Array>): void {
    this.#socket.write(Buffer.concat(pieces))
  }

  /** Greets and says what kind of socket it is. */
  shake(type: string, options: Greeting & { readonly identity?: string } = {}): void {
    this.write(greeting(options), ready(type, options.identity))
  }

  /** Reads nothing any more. */
  pause(): void {
    this.#socket.pause()
  }

  /** Closes after what was written. */
  end(): void {
    this.#socket.end()
  }

  /** Closes without a goodbye. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Ends it. */
  readonly destroyed: Effect.Effect<void> = Effect.sync(() => this.#socket.destroy())
}

/** Listens and gives raw peers. */
export interface RawServer {
  readonly at: string
  /** Those that have come. */
  readonly peers: ReadonlyArray<RawPeer>
  readonly closed: Effect.Effect<void>
}

/** Starts one on loopback. */
export const startRawServer = async (): Promise<RawServer> => {
  const peers: Array<RawPeer> = []
  const server = createServer((socket) => peers.push(new RawPeer(socket)))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    at: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    peers,
    closed: Effect.andThen(
      Effect.forEach(peers, (peer) => peer.destroyed),
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
      }),
    ),
  }
}
