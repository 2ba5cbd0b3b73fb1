/**
 * What a broker cannot be faster than: a process that hands bytes from one socket to another, a client that sends as many as a
 * call has and waits for as many, and a worker that sends back what it gets.
 *
 * Started by `floor.ts`: `relay`, or `worker` and `client` with a port. Nothing is read or written down but lengths.
 */
import { connect, createServer, type Socket } from "node:net"
import process from "node:process"
import { obey, payloadBytes, repeat } from "../amqpCase.ts"

const [part, port = "0"] = process.argv.slice(2)

const dial = () =>
  new Promise<Socket>((resolve) => {
    const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true }, () => resolve(socket))
  })

if (part === "relay") {
  const sockets: Array<Socket> = []
  const server = createServer({ noDelay: true }, (socket) => {
    const place = sockets.push(socket) - 1
    socket.on("data", (bytes) => sockets[1 - place]?.write(bytes))
    socket.on("error", () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  console.log(JSON.stringify({ port: typeof address === "object" && address !== null ? address.port : 0 }))
  await obey()
} else {
  const socket = await dial()
  if (part === "worker") {
    socket.on("data", (bytes) => socket.write(bytes))
    await obey()
  } else {
    const message = new Uint8Array(payloadBytes)
    let left = 0
    let through = () => {}
    socket.on("data", (bytes) => {
      left -= bytes.length
      if (left === 0) through()
    })
    const call = () =>
      new Promise<void>((resolve) => {
        left = message.length
        through = resolve
        socket.write(message)
      })
    await obey((job) => job.job === "call" ? repeat(job.count, 1, call) : undefined)
  }
}
process.exit(0)
