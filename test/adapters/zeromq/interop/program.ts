/**
 * The other side of the interoperability tests, in Node with the package `zeromq`: sockets that do what they are told.
 *
 * Reads a command a line from standard input, JSON, and answers each with a line that repeats its number. A frame is a text, or
 * a number for so many bytes of a pattern that both sides know. `program.py` is the same in Python.
 */
import { Buffer } from "node:buffer"
import process from "node:process"
import { createInterface } from "node:readline"
import {
  type Context,
  Dealer,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  type Socket,
  type SocketOptions,
  Subscriber,
} from "zeromq"

/** What a socket can do here; each kind has a part of it. */
interface AnySocket {
  readonly lastEndpoint: string | null
  bind(at: string): Promise<void>
  connect(at: string): void
  close(): void
  subscribe(topic: string): void
  send(frames: Array<Buffer>): Promise<void>
  receive(): Promise<Array<Buffer>>
}

interface Command {
  readonly n: number
  readonly do: string
  readonly id: string
  readonly type: string
  readonly at: string
  readonly topic: string
  readonly times: number
  readonly frames: ReadonlyArray<string | number>
  readonly options: Readonly<Record<string, string | number | boolean>>
}

const kinds: Readonly<Record<string, new (options: SocketOptions<Socket> & { context?: Context }) => Socket>> = {
  DEALER: Dealer,
  ROUTER: Router,
  PUSH: Push,
  PULL: Pull,
  REQ: Request,
  REP: Reply,
  PUB: Publisher,
  SUB: Subscriber,
}

/** Options by the names of the commands, and the package's. */
const names: Readonly<Record<string, string>> = {
  identity: "routingId",
  curveServer: "curveServer",
  publicKey: "curvePublicKey",
  secretKey: "curveSecretKey",
  serverKey: "curveServerKey",
  heartbeat: "heartbeatInterval",
  silence: "heartbeatTimeout",
  ttl: "heartbeatTimeToLive",
  relaxed: "relaxed",
  correlate: "correlate",
  mandatory: "mandatory",
}

const block = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 31 + (i >> 8)) & 0xff))

const filled = (length: number): Buffer => Buffer.alloc(length, block)

const read = (frame: string | number): Buffer => typeof frame === "string" ? Buffer.from(frame) : filled(frame)

const write = (frame: Buffer): string | number => {
  if (frame.length <= 64) return frame.toString()
  return frame.equals(filled(frame.length)) ? frame.length : `${frame.length} bytes that are others`
}

const sockets = new Map<string, AnySocket>()

const obey = async (command: Command): Promise<object> => {
  if (command.do === "open") {
    const given = Object.entries(command.options).map(([name, value]) => [names[name] ?? name, value])
    const options = { linger: 2_000, reconnectInterval: 20, reconnectMaxInterval: 50, ...Object.fromEntries(given) }
    sockets.set(command.id, new kinds[command.type]!(options) as unknown as AnySocket)
    return {}
  }
  const socket = sockets.get(command.id)!
  switch (command.do) {
    case "bind":
      await socket.bind(command.at)
      return { at: socket.lastEndpoint }
    case "connect":
      socket.connect(command.at)
      return {}
    case "subscribe":
      socket.subscribe(command.topic)
      return {}
    case "send":
      await socket.send(command.frames.map(read))
      return {}
    case "receive":
      for (;;) {
        const frames = await socket.receive()
        if (frames[0]!.toString() !== "mark") return { frames: frames.map(write) }
      }
    case "echo":
      for (let i = 0; i < command.times; i++) await socket.send(await socket.receive())
      return {}
    case "mark":
      while ((await socket.receive())[0]!.toString() !== "mark");
      return {}
    case "close":
      socket.close()
      sockets.delete(command.id)
      return {}
    default:
      throw new Error(`There is no command "${command.do}"`)
  }
}

const say = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`)

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command
  try {
    say({ n: command.n, ...await obey(command) })
  } catch (error) {
    say({ n: command.n, error: String(error) })
  }
}
process.exit(0)
