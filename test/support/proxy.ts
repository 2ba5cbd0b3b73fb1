/**
 * A wire that can be cut: a TCP proxy on loopback between the code under test and a real server.
 *
 * For tests of what happens when connections are lost, stalled or refused; the server itself stays up.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** A running proxy. */
export interface Proxy {
  readonly port: number
  /** The server's URL with the proxy's port in it. */
  readonly through: (url: string) => string
  /** Ends every connection without a goodbye; new ones are accepted at once. */
  readonly cut: () => void
  /** Refuses new connections (they are ended at once), or accepts them again. */
  readonly refuse: (on: boolean) => void
  /** Carries nothing any more, or goes on with what has piled up; `there`: only what is for the server. @default "both" */
  readonly stall: (on: boolean, way?: "there" | "both") => void
  /** Connections so far. */
  readonly count: () => number
  readonly close: () => Promise<void>
}

/** Starts a proxy to a port on loopback. */
export const startProxy = async (target: number): Promise<Proxy> => {
  const pairs = new Set<readonly [Socket, Socket]>()
  let [refusing, count] = [false, 0]
  let stalled: "there" | "both" | undefined
  const flow = (pair: readonly [Socket, Socket]) => {
    for (const [i, socket] of pair.entries()) {
      if (stalled === "both" || (stalled === "there" && i === 0)) socket.pause()
      else socket.resume()
    }
  }
  const server = createServer((near) => {
    near.on("error", () => near.destroy())
    if (refusing) return void near.destroy()
    count++
    const far = connect(target, "127.0.0.1")
    const pair = [near, far] as const
    pairs.add(pair)
    const end = () => {
      near.destroy()
      far.destroy()
      pairs.delete(pair)
    }
    near.setNoDelay(true)
    far.setNoDelay(true)
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on("data", (data) => to.write(data))
      from.on("error", end)
      from.on("close", end)
    }
    flow(pair)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    through: (url) => {
      const address = new URL(url)
      address.port = String(port)
      return address.href
    },
    cut: () => {
      for (const [near, far] of pairs) {
        near.destroy()
        far.destroy()
      }
    },
    refuse: (on) => void (refusing = on),
    stall: (on, way = "both") => {
      stalled = on ? way : undefined
      for (const pair of pairs) flow(pair)
    },
    count: () => count,
    close: () =>
      new Promise((resolve) => {
        for (const [near, far] of pairs) {
          near.destroy()
          far.destroy()
        }
        server.close(() => resolve())
      }),
  }
}
