/**
 * Hono and fetch, JSON over HTTP: what one would use instead.
 */
import process from "node:process"
import { Hono } from "hono"
import type { Order } from "../amqpCase.ts"
import { checkOrder, inTurn, ordersOf, type System } from "./System.ts"

declare const Deno: {
  readonly serve: (
    options: { readonly port: number; readonly hostname: string; readonly onListen: (at: { port: number }) => void },
    fetch: (request: Request) => Response | Promise<Response>,
  ) => unknown
}

/** Hono. */
export const system: System = {
  serve: async () => {
    const app = new Hono()
    app.post("/echo", async (c) => c.json(await c.req.json()))
    if (process.versions["bun"] !== undefined) {
      return `${Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch }).port}`
    }
    if (process.versions["deno"] !== undefined) {
      return await new Promise((resolve) => {
        Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: ({ port }) => resolve(`${port}`) }, app.fetch)
      })
    }
    const { serve } = await import("@hono/node-server")
    return await new Promise((resolve) => {
      serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(`${port}`))
    })
  },
  connect: (addresses, { bytes }) => {
    const orders = ordersOf(bytes)
    const headers = { "content-type": "application/json" }
    return Promise.resolve(inTurn(addresses.map((address) => async () => {
      const asked = orders()
      const url = `http://127.0.0.1:${address}/echo`
      const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(asked) })
      checkOrder(await response.json() as Order, asked)
    })))
  },
}
