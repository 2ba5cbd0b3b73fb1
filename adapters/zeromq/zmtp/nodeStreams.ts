/**
 * Streams over `node:net`, which Node, Deno and Bun have.
 *
 * The one file that imports it. Nagle's algorithm is off: whoever writes here has collected what belongs together.
 */
import { chmodSync, lstatSync, unlinkSync } from "node:fs"
import { connect as dial, createServer, type Server, type Socket } from "node:net"
import { Effect, Layer } from "effect"
import { type Endpoint, formatEndpoint } from "./Endpoint.ts"
import { meanings } from "./meanings.ts"
import { Unreachable } from "./SocketError.ts"
import { type Accept, type ByteStream, Streams } from "./Streams.ts"

const target = (endpoint: Endpoint) =>
  endpoint._tag === "Ipc" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port }

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : "unknown"

const unreachable = (endpoint: Endpoint, error: unknown): Unreachable => {
  const code = codeOf(error)
  const said = error instanceof Error ? error.message : String(error)
  const detail = code in meanings ? `${meanings[code]} (${code})` : said
  return new Unreachable({ endpoint: formatEndpoint(endpoint), code, detail })
}

/** Puts the port around an open socket. */
const attach = (socket: Socket, accept: Accept): void => {
  socket.setNoDelay(true)
  let why: string | undefined
  const stream: ByteStream = {
    write: (pieces) => {
      if (socket.destroyed || socket.writableEnded) return true
      if (pieces.length === 1) return socket.write(pieces[0]!)
      socket.cork()
      let goesOn = true
      for (const piece of pieces) goesOn = socket.write(piece)
      socket.uncork()
      return goesOn
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    // not destroyed once all is written: unread data would make the system reset it, and the last bytes would be lost
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    remote: socket.remoteAddress === undefined ? "a local process" : `${socket.remoteAddress}:${socket.remotePort}`,
  }
  const events = accept(stream)
  socket.on("data", events.onData)
  socket.on("drain", events.onDrain)
  socket.on("error", (error) => why ??= error.message)
  socket.on("close", () => events.onClosed(why))
}

/** A port of this machine where nobody listens may be given to the very connection that tries it, which then reaches itself. */
const isItself = (socket: Socket): boolean =>
  socket.localPort !== undefined && socket.localPort === socket.remotePort &&
  socket.localAddress === socket.remoteAddress

const connect = (endpoint: Endpoint, accept: Accept): Effect.Effect<void, Unreachable> =>
  Effect.callback<void, Unreachable>((resume) => {
    const socket = dial(target(endpoint))
    const onError = (error: unknown) => {
      socket.destroy()
      resume(Effect.fail(unreachable(endpoint, error)))
    }
    socket.once("error", onError)
    socket.once("connect", () => {
      if (isItself(socket)) return onError({ code: "ECONNREFUSED" })
      socket.off("error", onError)
      attach(socket, accept)
      resume(Effect.void)
    })
    return Effect.sync(() => {
      socket.destroy()
    })
  })

/** A path that a process left behind is taken over, as libzmq does; nothing else is touched. */
const clear = (path: string): void => {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path)
  } catch {
    // there is nothing
  }
}

const isTaken = (endpoint: Endpoint): Effect.Effect<boolean> =>
  connect(endpoint, (stream) => {
    stream.destroy()
    return { onData: () => {}, onDrain: () => {}, onClosed: () => {} }
  }).pipe(Effect.as(true), Effect.catch(() => Effect.succeed(false)))

const listen = Effect.fnUntraced(function* (endpoint: Endpoint, accept: Accept) {
  if (endpoint._tag === "Ipc" && !(yield* isTaken(endpoint))) yield* Effect.sync(() => clear(endpoint.path))
  const server = yield* Effect.acquireRelease(
    Effect.callback<Server, Unreachable>((resume) => {
      const server = createServer((socket) => attach(socket, accept))
      server.once("error", (error) => resume(Effect.fail(unreachable(endpoint, error))))
      const where = endpoint._tag === "Ipc"
        ? { path: endpoint.path }
        : { port: endpoint.port, ...(endpoint.host === "*" ? {} : { host: endpoint.host }) }
      server.listen(where, () => {
        // only the owner may connect
        if (endpoint._tag === "Ipc") chmodSync(endpoint.path, 0o600)
        server.on("error", () => {})
        resume(Effect.succeed(server))
      })
      return Effect.sync(() => void server.close())
    }),
    (server) => Effect.sync(() => void server.close()),
  )
  const address = server.address()
  return endpoint._tag === "Tcp" && typeof address === "object" && address !== null
    ? { ...endpoint, port: address.port }
    : endpoint
})

/** Streams over `node:net`. */
export const layerNode: Layer.Layer<Streams> = Layer.succeed(Streams, { connect, listen })
