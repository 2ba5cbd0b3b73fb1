/**
 * A server on Node, through @hono/node-server.
 *
 * Adds what Node has of its own: a listening server tells failures by an event, and keeps idle connections open when it
 * closes.
 */
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { createAdaptorServer } from "@hono/node-server"
import type { StartServer } from "./serve.ts"

/** Listens. */
export const start: StartServer = ({ hostname, port, fetch, reusePort = false }) =>
  new Promise((resolve, reject) => {
    // the global Request and Response belong to the program, not to this server
    const server = createAdaptorServer({ fetch, hostname, overrideGlobalObjects: false }) as Server
    server.once("error", reject)
    server.listen({ host: hostname, port, ...(reusePort && { reusePort }) }, () => {
      server.off("error", reject)
      resolve({
        hostname,
        port: (server.address() as AddressInfo).port,
        stop: () =>
          new Promise((closed) => {
            server.close(() => closed())
            server.closeIdleConnections()
          }),
        force: () => server.closeAllConnections(),
      })
    })
  })
