/**
 * A wire that fails as networks do: a TCP proxy on loopback through which others reach one process's links.
 *
 * Below `links.ts`, which has one for each process. It carries bytes and knows no messages; of each connection it only reads
 * the ZMTP greeting, to tell whether the link is encrypted. Nothing that it holds back is carried out of order.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** Which way bytes go: to the process behind the proxy, or from it. */
export type Direction = "in" | "out"

/** A running proxy. */
export interface ChaosProxy {
  readonly port: number
  /** Ends every connection, each side by a reset; new ones are refused for so many ms. */
  readonly cut: (away: number) => void
  /** Carries each byte so many ms later from now on; 0: at once. */
  readonly delay: (ms: number) => void
  /** Carries nothing these ways, and no end of a connection either. `lose`: what comes meanwhile is not kept. */
  readonly hold: (ways: ReadonlyArray<Direction>, lose: boolean) => void
  /** Carries again: first what was kept. Connections that lost bytes are reset. */
  readonly release: () => void
  /** Connections so far, by the mechanism of their greeting (`NULL`, `CURVE`). */
  readonly mechanisms: () => ReadonlyMap<string, number>
  readonly close: () => Promise<void>
}

interface Held {
  readonly at: number
  /** `undefined`: the connection ended. */
  readonly data: Uint8Array | undefined
}

/** One way of one connection. */
interface Flow {
  readonly way: Direction
  readonly to: Socket
  readonly queue: Array<Held>
  /** Bytes of it were lost: what would come after them is lost too. */
  hasLost: boolean
}

interface Pair {
  readonly sockets: readonly [near: Socket, far: Socket]
  readonly flows: readonly [Flow, Flow]
}

/** Where the mechanism stands in a greeting, and how long it is. */
const mechanismAt = 12
const mechanismLength = 20

/** Starts a proxy to a port on loopback. */
export const startChaosProxy = async (target: number): Promise<ChaosProxy> => {
  const pairs = new Set<Pair>()
  const mechanisms = new Map<string, number>()
  let refusedUntil = 0
  let by = 0
  let held: ReadonlyArray<Direction> = []
  let loses = false

  const end = (pair: Pair): void => {
    pairs.delete(pair)
    // what was written is carried to its end
    for (const socket of pair.sockets) socket.end()
  }
  const reset = (pair: Pair): void => {
    pairs.delete(pair)
    for (const socket of pair.sockets) socket.resetAndDestroy()
  }
  const pump = (pair: Pair, flow: Flow): void => {
    const { way, to, queue } = flow
    while (queue.length > 0 && !held.includes(way) && !flow.hasLost) {
      const { at, data } = queue[0]!
      const wait = at - Date.now()
      if (wait > 0) return void setTimeout(() => pump(pair, flow), wait)
      queue.shift()
      if (data === undefined) return end(pair)
      to.write(data)
    }
  }
  const take = (pair: Pair, flow: Flow, data: Uint8Array | undefined): void => {
    if (flow.hasLost || held.includes(flow.way) && loses) return void (flow.hasLost = true)
    flow.queue.push({ at: Date.now() + by, data })
    if (flow.queue.length === 1) pump(pair, flow)
  }

  const server = createServer((near) => {
    near.on("error", () => {})
    if (Date.now() < refusedUntil) return void near.resetAndDestroy()
    const far = connect(target, "127.0.0.1")
    const flowOf = (way: Direction, to: Socket): Flow => ({ way, to, queue: [], hasLost: false })
    const pair: Pair = { sockets: [near, far], flows: [flowOf("in", far), flowOf("out", near)] }
    pairs.add(pair)
    for (const [from, flow] of [[near, pair.flows[0]], [far, pair.flows[1]]] as const) {
      from.setNoDelay(true)
      from.on("error", () => {})
      from.on("data", (data) => take(pair, flow, data))
      from.on("close", () => take(pair, flow, undefined))
    }
    sniff(near, (name) => mechanisms.set(name, (mechanisms.get(name) ?? 0) + 1))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut: (away) => {
      refusedUntil = Date.now() + away
      for (const pair of [...pairs]) reset(pair)
    },
    delay: (ms) => void (by = ms),
    hold: (ways, lose) => {
      held = ways
      loses = lose
    },
    release: () => {
      held = []
      loses = false
      for (const pair of [...pairs]) {
        if (pair.flows.some((flow) => flow.hasLost)) reset(pair)
        else for (const flow of pair.flows) pump(pair, flow)
      }
    },
    mechanisms: () => mechanisms,
    close: () =>
      new Promise((resolve) => {
        for (const pair of [...pairs]) reset(pair)
        server.close(() => resolve())
      }),
  }
}

/** Tells the mechanism of a connection's greeting, once it is there. */
const sniff = (near: Socket, tell: (name: string) => void): void => {
  let greeting = new Uint8Array(0)
  const listener = (data: Uint8Array): void => {
    greeting = new Uint8Array([...greeting, ...data.subarray(0, mechanismAt + mechanismLength)])
    if (greeting.length < mechanismAt + mechanismLength) return
    near.off("data", listener)
    const name = greeting.subarray(mechanismAt, mechanismAt + mechanismLength)
    tell(new TextDecoder("latin1").decode(name).replaceAll("\0", ""))
  }
  near.on("data", listener)
}
