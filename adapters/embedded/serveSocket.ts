/**
 * One socket and the session behind it: bytes to and fro, and nothing else. A socket that begins with HTTP is no session's
 * (`serveQuestion.ts`).
 *
 * Below `listen.ts`. What a session has to say is collected until the end of what it is doing, so that a socket gets few and
 * large writes; what the system has not taken is known to the session, which then passes its consumers over.
 */
import type { Socket } from "node:net"
import type { Server, Session } from "../../src/broker/mod.ts"
import { isQuestion, serveQuestion } from "./serveQuestion.ts"

/** How long a peer may take to read the last words, ms. */
const patience = 5_000

/** Serves a socket until it is closed. */
export const serveSocket = (server: Server, socket: Socket): void => {
  socket.setNoDelay(true)
  let isEnding = false
  let isPaused = false
  /** Takes what comes where it is no AMQP. */
  let ask: ((bytes: Uint8Array) => void) | undefined
  const write = () => {
    const { session } = line
    if (session === undefined || socket.destroyed || ask !== undefined) return
    for (let bytes = session.take(); bytes !== undefined; bytes = session.take()) {
      const { length } = bytes
      socket.write(bytes, () => session.sent(length))
    }
    if (session.wantsInput === isPaused) {
      isPaused = !isPaused
      if (isPaused) socket.pause()
      else socket.resume()
    }
    if (session.isOver && !isEnding) end()
  }
  const end = () => {
    isEnding = true
    // what comes now is read and dropped: a reset would take the last words away from the peer
    socket.resume()
    socket.end()
    // real time: a peer that reads nothing is cut off
    const timer = setTimeout(() => socket.destroy(), patience)
    timer.unref()
    socket.once("close", () => clearTimeout(timer))
  }
  const origin = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 }
  const line: { session: Session | undefined } = { session: undefined }
  line.session = server.accept({ origin, onChange: () => queueMicrotask(write) })
  // some runtimes report a reset twice
  socket.on("error", () => {})
  if (line.session === undefined) {
    socket.destroy()
    return
  }
  const { session } = line
  socket.on("data", (bytes: Uint8Array) => {
    if (ask === undefined && session.received === 0 && isQuestion(bytes)) {
      ask = serveQuestion(server, socket)
      session.lost()
    }
    if (ask === undefined) session.receive(bytes)
    else ask(bytes)
  })
  socket.on("close", () => session.lost())
}
