/**
 * A socket that speaks HTTP instead of AMQP: one question about the broker, one answer, and an end.
 *
 * Below `serveSocket.ts`, which tells the two by their first byte, so that whoever knows where the broker is can look into it,
 * too: no second port, and nothing more to be told. Reads the head of a request and no body; what it says comes from
 * `src/broker/management`.
 */
import { Buffer } from "node:buffer"
import type { Socket } from "node:net"
import { type Answer, manage, type Question, type Server } from "../../src/broker/mod.ts"

/** Longest head of a request, bytes. */
const longest = 16 * 1024

/** How long a question may take to come, and an answer to be read, ms. */
const patience = 10_000

/** Whether the first bytes of a connection are HTTP: AMQP begins with another letter. */
export const isQuestion = (bytes: Uint8Array): boolean => methods.has(bytes[0] ?? 0)

/** Of GET, and of those that are told that they are not allowed: POST, PUT, PATCH, DELETE, HEAD, OPTIONS. */
const methods: ReadonlySet<number> = new Set(Array.from("GPDHO", (letter) => letter.charCodeAt(0)))

/** Answers on a socket, and ends it; the result takes what comes. */
export const serveQuestion = (server: Server, socket: Socket): (bytes: Uint8Array) => void => {
  let head = Buffer.alloc(0)
  let isAnswered = false
  // real time: a peer that says nothing more, or reads nothing, is cut off
  const timer = setTimeout(() => socket.destroy(), patience)
  timer.unref()
  socket.once("close", () => clearTimeout(timer))
  const say = (answer: Answer) => {
    isAnswered = true
    socket.end(written(answer))
  }
  return (bytes) => {
    // what comes after a question is read and dropped: a reset would take the answer away
    if (isAnswered) return
    head = Buffer.concat([head, bytes])
    const end = head.indexOf("\r\n\r\n")
    if (end > longest || (end < 0 && head.length > longest)) {
      return say({ status: 431, json: { error: "bad_request", reason: `a head has at most ${longest} bytes` } })
    }
    if (end < 0) return
    const question = read(head.toString("latin1", 0, end))
    say(question === undefined ? malformed : manage(server, question))
  }
}

const malformed: Answer = { status: 400, json: { error: "bad_request", reason: "it is no request of HTTP/1.1" } }

const read = (head: string): Question | undefined => {
  const [first = "", ...lines] = head.split("\r\n")
  const found = /^([A-Z]+) (\/[\x21-\x7e]*) HTTP\/1\.[01]$/.exec(first)
  if (found === null) return undefined
  const said = lines.flatMap((line) => /^authorization:[ \t]*(.*?)[ \t]*$/i.exec(line)?.[1] ?? [])
  return said.length > 1 ? undefined : { method: found[1]!, target: found[2]!, authorization: said[0] }
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  431: "Request Header Fields Too Large",
}

const written = ({ status, json }: Answer): Buffer => {
  const body = Buffer.from(JSON.stringify(json))
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? "Error"}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "cache-control: no-store",
    "connection: close",
    ...(status === 401 ? ['www-authenticate: Basic realm="Warren"'] : []),
    ...(status === 405 ? ["allow: GET"] : []),
  ]
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body])
}
