/**
 * Loopback ports: free ones, and whether one speaks AMQP.
 *
 * Free ports are taken below the range from which systems choose the near end of outgoing connections: a client that
 * keeps connecting to a killed node could else be given that very port, and the node could not have it back.
 */
import { randomInt } from "node:crypto"
import { connect, createServer, type Server } from "node:net"

// Linux begins at 32768, macOS and Windows at 49152
const lowest = 20_000
const highest = 32_000

const hold = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(undefined))
    server.listen(port, "127.0.0.1", () => resolve(server))
  })

const letGo = (server: Server | undefined) =>
  new Promise<void>((resolve) => server?.close(() => resolve()) ?? resolve())

/** Whether a program could listen on this port now. */
export const isFree = async (port: number): Promise<boolean> => {
  const server = await hold(port)
  await letGo(server)
  return server !== undefined
}

/** Ports that are free now; all are held until the last is known, so that they differ. */
export const freePorts = async (count: number): Promise<ReadonlyArray<number>> => {
  const held = new Map<number, Server>()
  for (let tries = 0; held.size < count; tries += 1) {
    if (tries > count + 200) throw new Error(`Cannot find ${count} free ports between ${lowest} and ${highest}`)
    const port = randomInt(lowest, highest)
    const server = await hold(port)
    if (server !== undefined) held.set(port, server)
  }
  await Promise.all([...held.values()].map(letGo))
  return [...held.keys()]
}

/** Whether something listens here. */
export const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

/** Whether an AMQP 0-9-1 broker answers here within a second: it sends the first frame. */
export const speaksAmqp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("AMQP\x00\x00\x09\x01", "latin1"))
    const answer = (yes: boolean) => {
      socket.destroy()
      resolve(yes)
    }
    // a paused node accepts connections and says nothing
    socket.setTimeout(1_000, () => answer(false))
    socket.once("data", (data: Uint8Array) => answer(data[0] === 1))
    socket.once("error", () => answer(false))
    socket.once("close", () => resolve(false))
  })
