/**
 * A place between two sockets of ZeroMQ that keeps what each of them writes.
 *
 * Below `record.ts`. Takes one connection, passes everything on, and can make each side believe that the other speaks an
 * older minor version, by changing that one byte of the greetings.
 */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"

/** What was written. */
export interface Proxy {
  readonly endpoint: string
  readonly fromConnector: () => Uint8Array
  readonly fromBinder: () => Uint8Array
  readonly close: () => Promise<void>
}

/** Where a greeting has its minor version. */
const minorAt = 11

/** Starts one before a port. */
export const startProxy = async (port: number, minor: number | undefined): Promise<Proxy> => {
  const connector: Array<Buffer> = []
  const binder: Array<Buffer> = []
  const sockets: Array<Socket> = []

  const pass = (from: Socket, to: Socket, kept: Array<Buffer>) => {
    let seen = 0
    from.on("data", (chunk: Buffer) => {
      if (minor !== undefined && seen <= minorAt && seen + chunk.length > minorAt) chunk[minorAt - seen] = minor
      seen += chunk.length
      kept.push(chunk)
      to.write(chunk)
    })
    from.on("error", () => to.destroy())
    from.on("close", () => to.end())
  }

  const server = createServer((socket) => {
    // what comes again was recorded once
    if (sockets.length > 0) return void socket.destroy()
    const onward = connect(port, "127.0.0.1")
    sockets.push(socket, onward)
    for (const one of sockets) one.setNoDelay(true)
    pass(socket, onward, connector)
    pass(onward, socket, binder)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    endpoint: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fromConnector: () => Buffer.concat(connector),
    fromBinder: () => Buffer.concat(binder),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, "close")
    },
  }
}
