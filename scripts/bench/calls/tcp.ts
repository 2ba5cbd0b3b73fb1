/**
 * Raw TCP: four bytes of length, then the payload. The limit of what a connection can do.
 */
import { Buffer } from "node:buffer"
import { connect as dial, createServer, type Socket } from "node:net"
import type { AddressInfo } from "node:net"
import { Answers, bytesOf, type Call, inTurn, type System } from "./System.ts"

const headerLength = 4

/** Gives whole frames, with their headers; what comes in pieces is joined once. */
const read = (socket: Socket, onFrame: (frame: Buffer) => void): void => {
  let pieces: Array<Buffer> = []
  let length = 0
  let needed = headerLength
  socket.on("data", (chunk: Buffer) => {
    pieces.push(chunk)
    length += chunk.length
    if (length < needed) return
    let rest = pieces.length === 1 ? chunk : Buffer.concat(pieces)
    needed = headerLength
    while (rest.length >= headerLength) {
      const end = headerLength + rest.readUInt32BE(0)
      needed = end
      if (rest.length < end) break
      onFrame(rest.subarray(0, end))
      rest = rest.subarray(end)
      needed = headerLength
    }
    pieces = rest.length === 0 ? [] : [rest]
    length = rest.length
  })
}

/** Writes what a turn brings at once. */
const writer = (socket: Socket): (frame: Uint8Array) => void => {
  let out: Array<Uint8Array> = []
  return (frame) => {
    if (out.push(frame) > 1) return
    queueMicrotask(() => {
      socket.write(out.length === 1 ? out[0]! : Buffer.concat(out))
      out = []
    })
  }
}

const dialTo = async (address: string, bytes: number): Promise<Call> => {
  const socket = dial({ port: Number(address), host: "127.0.0.1", noDelay: true })
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject))
  const answers = new Answers(headerLength + bytes)
  read(socket, (frame) => answers.answer(frame))
  const write = writer(socket)
  const payload = bytesOf(bytes)
  return () => {
    const frame = Buffer.allocUnsafe(headerLength + bytes)
    frame.writeUInt32BE(bytes, 0)
    frame.set(payload, headerLength)
    write(frame)
    return answers.next()
  }
}

/** Raw TCP. */
export const system: System = {
  serve: () =>
    new Promise((resolve) => {
      const server = createServer({ noDelay: true }, (socket) => {
        socket.on("error", () => {})
        read(socket, writer(socket))
      })
      server.listen(0, "127.0.0.1", () => resolve(`${(server.address() as AddressInfo).port}`))
    }),
  connect: async (addresses, { bytes }) =>
    inTurn(await Promise.all(addresses.map((address) => dialTo(address, bytes)))),
}
