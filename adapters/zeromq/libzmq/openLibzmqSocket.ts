/**
 * Opens a socket of libzmq, as a resource of its scope: the same port as our own sockets, on Node, where libzmq runs.
 *
 * Joins the room: what is sent goes by `Outgoing.ts`, what comes by `Incoming.ts`, what happens by `Monitor.ts`. libzmq works
 * in threads of its own: it sends what is unsent after the end, as long as `linger` says, and `stats` knows only what waits
 * here. What else differs is said where it does, and is in the traits of its tests.
 */
import { Buffer } from "node:buffer"
import { Effect, FiberSet, Result, type Scope } from "effect"
import { type Endpoint, formatEndpoint, parseEndpoint } from "../zmtp/Endpoint.ts"
import { meanings } from "../zmtp/meanings.ts"
import type { Message } from "../zmtp/Session.ts"
import {
  type InvalidSocketOption,
  type LibzmqUnavailable,
  type ReceiveError,
  type SendError,
  SocketClosed,
  UnfitMessage,
  Unreachable,
} from "../zmtp/SocketError.ts"
import { settingsOf, type SocketOptions } from "../zmtp/SocketOptions.ts"
import type { SocketType } from "../zmtp/SocketType.ts"
import type { OnEvent, ZmtpSocket } from "../zmtp/ZmtpSocket.ts"
import { authenticate } from "./authenticate.ts"
import { Incoming } from "./Incoming.ts"
import { Monitor } from "./Monitor.ts"
import { loadLibzmq } from "./native.ts"
import { longestWait, nativeOptions, receives } from "./options.ts"
import { Outgoing } from "./Outgoing.ts"
import { isPrecious, removePath } from "./paths.ts"
import { Turns } from "./Turns.ts"

/** How long it may take until an endpoint is free, ms. */
const patience = 1_000

/** How long a wait for a message lasts while others wait to send, ms; see `Incoming.ts`. */
const shortWait = 5

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown"

/** Opens a socket; see the top of the file. */
export const openLibzmqSocket = Effect.fnUntraced(function* (
  type: SocketType,
  options: SocketOptions = {},
  onEvent: OnEvent = () => {},
): Effect.fn.Return<ZmtpSocket, InvalidSocketOption | LibzmqUnavailable, Scope.Scope> {
  const settings = yield* Effect.fromResult(settingsOf(type, options))
  const libzmq = yield* loadLibzmq
  const allowed = options.curve?.role === "server" ? options.curve.allowed : undefined
  const context = allowed === undefined ? undefined : new libzmq.Context()
  const own = nativeOptions(type, settings, options)
  const doorman = context === undefined ? undefined : authenticate(libzmq, context, allowed!)
  const socket = libzmq.open(type, context === undefined ? own : { ...own, context })
  const monitor = new Monitor(socket, onEvent)
  const run = yield* FiberSet.makeRuntime<never>()
  const turns = new Turns(type, settings.pattern.relaxed)
  /** Endpoints by the names that the owner knows, and libzmq's own. */
  const bound = new Map<string, { readonly native: string; readonly endpoint: Endpoint }>()
  const connected = new Set<string>()
  let dropped = 0
  let closed = false

  const incoming = new Incoming(socket, turns)
  const outgoing = new Outgoing(socket, type === "ROUTER", {
    refusal: () => turns.sendRefusal(),
    onSent: () => {
      turns.sent()
      if (type === "REQ") incoming.drop()
      // whoever has answered may be asked again
      incoming.pass()
    },
    onDropped: () => void dropped++,
    onWaiting: (waiting) => {
      if (receives.has(type)) socket.receiveTimeout = waiting ? shortWait : longestWait
    },
    run: (effect) => void run(effect),
  })

  /** libzmq's threads wait until the socket takes in what they report, which it does only while it is used. */
  const attended = Effect.forever(Effect.andThen(Effect.sync(() => socket.writable), Effect.sleep(2)))

  const giveUp = Effect.fnUntraced(function* (name: string) {
    const at = bound.get(name)
    if (at === undefined) return
    bound.delete(name)
    const free = monitor.free(at.native)
    socket.disconnect(at.native)
    monitor.forget(at.native)
    yield* Effect.timeoutOption(Effect.raceFirst(free, attended), patience)
    if (at.endpoint._tag === "Ipc") removePath(at.endpoint.path)
  })

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      closed = true
      const outcome = new SocketClosed({ type })
      outgoing.close(outcome)
      incoming.close()
      // so that whoever comes next finds them free
      yield* Effect.forEach([...bound.keys()], giveUp, { discard: true })
      socket.close()
      doorman?.close()
    })
  )

  const refusal = (message: Message): SocketClosed | UnfitMessage | undefined => {
    if (closed) return new SocketClosed({ type })
    return message.length === 0 ? new UnfitMessage({ detail: "it has no frames; expected one or more" }) : undefined
  }

  const isOpen = Effect.suspend(() => closed ? Effect.fail(new SocketClosed({ type })) : Effect.void)

  const subscribe = (change: "subscribe" | "unsubscribe") => (topic: Uint8Array) =>
    Effect.sync(() => {
      if (type === "SUB" && !closed) socket[change](Buffer.from(topic))
    })

  /** The package reads it when it binds or connects; names of hosts are looked up for IPv4 unless it is set. */
  const prepare = (endpoint: Endpoint) => {
    const ipv6 = endpoint._tag === "Tcp" && endpoint.host.includes(":")
    if (socket.ipv6 !== ipv6) socket.ipv6 = ipv6
  }

  const listen = (text: string, endpoint: Endpoint): string => {
    if (endpoint._tag === "Ipc" && isPrecious(endpoint.path)) {
      throw new Unreachable({ endpoint: text, code: "EADDRINUSE", detail: "a file is there, which is no socket" })
    }
    prepare(endpoint)
    socket.bindSync(formatEndpoint(endpoint))
    const native = socket.lastEndpoint!
    const at = endpoint._tag === "Tcp" ? { ...endpoint, port: Number(/\d+$/.exec(native)![0]) } : endpoint
    const name = formatEndpoint(at)
    bound.set(name, { native, endpoint: at })
    onEvent({ _tag: "Listening", endpoint: name })
    return name
  }

  return {
    type,
    bind: Effect.fnUntraced(function* (text) {
      yield* isOpen
      const endpoint = yield* Effect.fromResult(parseEndpoint(text, "bind"))
      return yield* Effect.try({
        try: () => listen(text, endpoint),
        catch: (error) => {
          if (error instanceof Unreachable) return error
          const code = codeOf(error)
          const said = error instanceof Error ? error.message : String(error)
          const detail = code in meanings ? `${meanings[code]} (${code})` : said
          return new Unreachable({ endpoint: formatEndpoint(endpoint), code, detail })
        },
      })
    }),
    unbind: (text) => {
      const endpoint = parseEndpoint(text, "bind")
      return giveUp(Result.isSuccess(endpoint) ? formatEndpoint(endpoint.success) : text)
    },
    connect: Effect.fnUntraced(function* (text) {
      yield* isOpen
      const endpoint = yield* Effect.fromResult(parseEndpoint(text, "connect"))
      const name = formatEndpoint(endpoint)
      if (connected.has(name)) return
      connected.add(name)
      prepare(endpoint)
      socket.connect(name)
    }),
    disconnect: (text) =>
      Effect.sync(() => {
        const endpoint = parseEndpoint(text, "connect")
        if (closed || Result.isFailure(endpoint)) return
        const name = formatEndpoint(endpoint.success)
        if (!connected.delete(name)) return
        socket.disconnect(name)
        monitor.forget(name)
        run(Effect.asVoid(Effect.timeoutOption(attended, patience)))
      }),
    offer: (message) => refusal(message) ?? outgoing.offer(message),
    send: (message) =>
      Effect.suspend(() => {
        const refused = refusal(message) ?? turns.sendRefusal()
        if (refused !== undefined) return Effect.fail(refused)
        return Effect.callback<void, SendError>((resume) => Effect.sync(outgoing.send(message, resume)))
      }),
    receive: Effect.suspend((): Effect.Effect<Message, ReceiveError> => {
      if (closed) return Effect.fail(new SocketClosed({ type }))
      const refused = turns.receiveRefusal()
      if (refused !== undefined) return Effect.fail(refused)
      const there = incoming.take()
      if (there !== undefined) return Effect.succeed(there)
      return Effect.callback<Message, ReceiveError>((resume) =>
        Effect.sync(
          incoming.receive((message) =>
            resume(message === undefined ? Effect.fail(new SocketClosed({ type })) : Effect.succeed(message))
          ),
        )
      )
    }),
    deliver: (deliver) => {
      if (!closed) incoming.deliver(deliver)
    },
    subscribe: subscribe("subscribe"),
    unsubscribe: subscribe("unsubscribe"),
    stats: () => ({ peers: monitor.peers, dropped, unsent: outgoing.waiting }),
  }
})
