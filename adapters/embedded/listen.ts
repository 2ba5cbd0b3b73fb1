/**
 * The embedded broker on TCP: one listener on `node:net`, which Node, Deno and Bun have, and the clock that the server needs.
 *
 * Above the server of `src/broker`, which has neither sockets nor timers. Listens on loopback unless it is told that everyone
 * may reach it. The scope's end tells every client that the broker goes, and closes.
 */
import { createServer, type Server as Listener, type Socket } from "node:net"
import { Clock, Effect, type Scope } from "effect"
import { Server, type ServerOptions } from "../../src/broker/mod.ts"
import { ListenError, listenFailure } from "./ListenError.ts"
import { serveSocket } from "./serveSocket.ts"

/** Where to listen, and what the server is to be. */
export interface ListenOptions extends Omit<ServerOptions, "now" | "onDue" | "onBacklog"> {
  /** @default "127.0.0.1" */
  readonly host?: string
  /** @default 0: the system chooses */
  readonly port?: number
  /** Lets it listen where other machines reach it. @default false */
  readonly isPublic?: boolean
  /** Called with the server before anybody connects: the place to bring back what was kept. @default does nothing */
  readonly prepare?: (server: Server) => void
}

/** A broker that listens. */
export interface Listening {
  readonly server: Server
  readonly host: string
  readonly port: number
}

/** Longest that goodbyes take, ms. */
const patience = 1_000

/** Listens until the scope closes. */
export const listen = Effect.fnUntraced(function* (
  options: ListenOptions,
): Effect.fn.Return<Listening, ListenError, Scope.Scope> {
  const { host = "127.0.0.1", port = 0, isPublic = false, prepare, ...rest } = options
  if (!isPublic && !isLoopback(host)) {
    return yield* new ListenError({ host, port, reason: "not-loopback", detail: "other machines reach it" })
  }
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const sockets = new Set<Socket>()
  const server = yield* Effect.acquireRelease(Effect.sync(() => makeServer(rest, now)), ({ stop }) => Effect.sync(stop))
  prepare?.(server.server)
  server.server.open()
  const listener = yield* Effect.acquireRelease(
    Effect.callback<Listener, ListenError>((resume) => {
      const listener = createServer((socket) => {
        sockets.add(socket)
        socket.once("close", () => sockets.delete(socket))
        serveSocket(server.server, socket)
      })
      listener.once("error", (error) => resume(Effect.fail(listenFailure(host, port, error))))
      listener.listen({ host, port }, () => {
        listener.on("error", () => {})
        resume(Effect.succeed(listener))
      })
      return Effect.sync(() => void listener.close())
    }),
    (listener) => farewell(listener, server.server, sockets),
  )
  const address = listener.address()
  return { server: server.server, host, port: typeof address === "object" && address !== null ? address.port : port }
})

/** A server, and the timer that calls it when something is due. */
const makeServer = (
  options: Omit<ServerOptions, "now" | "onDue" | "onBacklog">,
  now: () => number,
): { readonly server: Server; readonly stop: () => void } => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let timerDue = Infinity
  let isStopped = false
  let isAsked = false
  const arm = () => {
    isAsked = false
    const due = server.nextDue()
    if (isStopped || due >= timerDue) return
    clearTimeout(timer)
    timerDue = due
    // real time: clients and messages live in it; a timer takes no more than 2^31
    timer = setTimeout(ring, Math.min(Math.max(0, Math.ceil(due - now())), 2 ** 31 - 1))
  }
  const ring = () => {
    timer = undefined
    timerDue = Infinity
    server.tick()
    arm()
  }
  const askSoon = () => {
    if (isAsked) return
    isAsked = true
    queueMicrotask(arm)
  }
  const server: Server = new Server({
    ...options,
    now,
    onDue: askSoon,
    // a real turn of the event loop: other sockets have theirs before the deliveries go on
    onBacklog: () => void setImmediate(() => server.pump()),
  })
  return {
    server,
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

const farewell = (listener: Listener, server: Server, sockets: ReadonlySet<Socket>) =>
  Effect.callback<void>((resume) => {
    listener.close()
    server.close("broker forced connection closure with reason 'shutdown'")
    const finish = () => {
      clearTimeout(timer)
      for (const socket of sockets) socket.destroy()
      resume(Effect.void)
    }
    // real time: a client that does not answer is cut off
    const timer = setTimeout(finish, patience)
    const check = () => {
      if (sockets.size === 0) finish()
    }
    for (const socket of [...sockets]) socket.once("close", check)
    check()
  })

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host)
