/**
 * A server in memory as a place for plays: no sockets, and a clock that stands still until a play lets time pass.
 */
import { Server, type ServerOptions } from "../../../src/broker/mod.ts"
import type { Place, Wire } from "./Stage.ts"

/** A place and the server it is on. */
export interface MemoryPlace extends Place {
  readonly server: Server
  readonly defects: Array<unknown>
}

/** How a server in memory is made. */
export interface MemoryOptions extends Partial<Omit<ServerOptions, "now">> {
  /** Gives bytes to the server one at a time. @default false */
  readonly byByte?: boolean
}

/** Makes one. */
export const memory = ({ byByte = false, ...options }: MemoryOptions = {}): MemoryPlace => {
  let time = 1_700_000_000_000
  const defects: Array<unknown> = []
  let hasBacklog = false
  const server = new Server({
    users: [{ user: "guest", password: "guest" }],
    now: () => time,
    onDefect: (defect) => void defects.push(defect),
    onBacklog: () => hasBacklog = true,
    ...options,
  })
  server.open()
  const connect = (): Promise<Wire> => {
    const session = server.accept({ origin: { host: "127.0.0.1", port: 1 }, onChange: () => {} })
    if (session === undefined) return Promise.reject(new Error("too many connections"))
    return Promise.resolve({
      write: (bytes) => {
        if (!byByte) return session.receive(bytes)
        for (const byte of bytes) session.receive(Uint8Array.of(byte))
      },
      take: () => {
        const taken: Array<Uint8Array> = []
        for (let bytes = session.take(); bytes !== undefined; bytes = session.take()) {
          taken.push(bytes)
          session.sent(bytes.length)
        }
        return taken
      },
      isClosed: () => session.isOver,
    })
  }
  const settle = (): Promise<void> => {
    while (hasBacklog) {
      hasBacklog = false
      server.pump()
    }
    return Promise.resolve()
  }
  const wait = (ms: number): Promise<void> => {
    const end = time + ms
    for (let due = server.nextDue(); due <= end; due = server.nextDue()) {
      time = Math.max(time, due)
      server.tick()
    }
    time = end
    return Promise.resolve()
  }
  return { server, defects, connect, settle, wait }
}
