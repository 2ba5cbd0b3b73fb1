/**
 * A server on Node, through @hono/node-server.
 *
 * Adds what Node has of its own: a listening server tells failures by an event, and a closing one waits for connections
 * that are kept alive, or that a client opened in advance; those without a request in flight are closed here.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { createAdaptorServer } from "@hono/node-server"
import type { StartServer } from "./serve.ts"

/** Listens. */
export const start: StartServer = ({ hostname, port, fetch }) =>
  new Promise((resolve, reject) => {
    // the global Request and Response belong to the program, not to this server
    const server = createAdaptorServer({ fetch, hostname, overrideGlobalObjects: false }) as Server
    const closeIdle = closerOf(server)
    server.once("error", reject)
    server.listen({ host: hostname, port }, () => {
      server.off("error", reject)
      resolve({
        hostname,
        port: (server.address() as AddressInfo).port,
        stop: () =>
          new Promise((closed) => {
            server.close(() => closed())
            closeIdle()
          }),
        force: () => server.closeAllConnections(),
      })
    })
  })

/** Counts the requests of each connection; gives what closes the idle ones, now and as they become idle. */
const closerOf = (server: Server): () => void => {
  const inFlight = new Map<Socket, number>()
  let closing = false
  const closeIf = (socket: Socket) => {
    if (closing && inFlight.get(socket) === 0) socket.destroySoon()
  }
  server.on("connection", (socket: Socket) => {
    inFlight.set(socket, 0)
    socket.once("close", () => inFlight.delete(socket))
  })
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    inFlight.set(socket, (inFlight.get(socket) ?? 0) + 1)
    response.once("close", () => {
      if (!inFlight.has(socket)) return
      inFlight.set(socket, inFlight.get(socket)! - 1)
      closeIf(socket)
    })
  })
  return () => {
    closing = true
    for (const socket of inFlight.keys()) closeIf(socket)
  }
}
