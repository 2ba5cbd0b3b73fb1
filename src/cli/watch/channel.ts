/**
 * How supervisor and apprentice talk: one JSON value a line over a socket in a folder only their user can enter.
 *
 * A socket rather than the runtimes' own channels between processes, because it means the same on Bun, Deno and Node,
 * carries both ways, and tells each side when the other is gone. Knows no orders; `orders.ts` says what is said.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"

/** One end of the line. */
export interface Line<In, Out> {
  readonly say: (value: Out) => void
  /** Called with each value the other end said. Set before anything can arrive. */
  hear: (value: In) => void
  /** Called once the other end is gone. */
  gone: () => void
  /** Resolves when everything said is on its way, or the other end is gone: a process must not end before. */
  readonly hangUp: () => Promise<void>
}

/** Where apprentices call. */
export interface Exchange {
  readonly address: string
  readonly close: () => void
}

/** Listens for apprentices until `close`. */
export const openExchange = <In, Out>(onLine: (line: Line<In, Out>) => void): Promise<Exchange> => {
  // created for its owner alone
  const folder = mkdtempSync(join(tmpdir(), "warren-"))
  const address = process.platform === "win32"
    ? `\\\\.\\pipe\\${folder.replaceAll(/[^\w]/g, "-")}`
    : join(folder, "supervisor")
  const server = createServer((socket) => onLine(lineOver(socket)))
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(address, () =>
      resolve({
        address,
        close: () => {
          server.close()
          rmSync(folder, { recursive: true, force: true })
        },
      }))
  })
}

/** Calls the supervisor. */
export const callExchange = <In, Out>(address: string): Promise<Line<In, Out>> =>
  new Promise((resolve, reject) => {
    const socket = connect(address)
    socket.once("error", reject)
    socket.once("connect", () => {
      socket.off("error", reject)
      resolve(lineOver(socket))
    })
  })

const lineOver = <In, Out>(socket: Socket): Line<In, Out> => {
  let rest: Array<string> = []
  const line: Line<In, Out> = {
    say: (value) => void socket.write(`${JSON.stringify(value)}\n`),
    hear: () => {},
    gone: () => {},
    hangUp: () =>
      new Promise((resolve) => {
        socket.once("close", () => resolve())
        if (socket.destroyed) resolve()
        else socket.end(() => resolve())
      }),
  }
  socket.setEncoding("utf8")
  socket.on("data", (data: string) => {
    const parts = data.split("\n")
    // a long line comes in many pieces, which are joined once
    rest.push(parts[0]!)
    for (const next of parts.slice(1)) {
      const whole = rest.join("")
      rest = [next]
      line.hear(JSON.parse(whole) as In)
    }
  })
  socket.on("error", () => {})
  socket.once("close", () => line.gone())
  return line
}
