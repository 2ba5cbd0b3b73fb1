/**
 * The embedded broker as something to fuzz: what a server makes of spoiled conversations.
 *
 * Above `conversation.ts`. A bystander shares the server: whatever the first one said, the bystander is still served, and
 * once the first one is gone nothing of it is left. Confirms are left out of what is told: how many go into one frame
 * depends on how the input is cut.
 */
import { type Frame, FrameReader, isWireError, type Method, writeMethod } from "../../../src/broker/amqp/mod.ts"
import { Server, type Session } from "../../../src/broker/mod.ts"
import type { Random } from "../../chaos/random.ts"
import { fieldMutations } from "../amqp/fields.ts"
import { drawTraffic } from "../amqp/conversation.ts"
import { join, type Mutation, mutations, pick, splice } from "../mutate.ts"
import type { Cut, Input, Outcome, Target } from "../Target.ts"
import { drawTalk, login } from "./conversation.ts"

const allMutations: ReadonlyArray<Mutation> = [...mutations, ...fieldMutations(mutations)]

/** Spoiled from the log-in on, or behind it. */
const draw = (random: Random): Input => {
  const setup = random.next() < 0.15 ? "login" : "talk"
  const talk = drawTalk(random)
  let parts = setup === "login" ? [...login, ...talk] : talk
  const count = pick(random, [0, 1, 1, 1, 2, 3])
  for (let i = 0; i < count; i++) parts = [...pick(random, allMutations)(parts, random)]
  // methods of every name among those of a client
  const spliced = random.next() < 0.3
  if (spliced) parts = [...splice(parts, drawTraffic(random), random)]
  return {
    setup,
    bytes: join(setup === "login" ? parts : [...login, ...parts]),
    isValid: count === 0 && !spliced,
  }
}

const limits = { frameMax: 4096, messageBytes: 6_000, outputBytes: 100_000, memoryHigh: 1_000_000, memoryLow: 500_000 }

/** A server, and a clock that stands still. */
const makeServer = () => {
  let names = 0
  const defects: Array<unknown> = []
  const server = new Server({
    users: [{ user: "guest", password: "guest" }],
    now: () => 1_700_000_000_000,
    newName: () => String(names++).padStart(22, "0"),
    onDefect: (defect) => void defects.push(defect),
    limits,
  })
  server.open()
  return { server, defects }
}

const connect = (server: Server): Session => {
  const session = server.accept({ origin: { host: "127.0.0.1", port: 1 }, onChange: () => {} })
  if (session === undefined) throw new Error("the server takes nobody")
  return session
}

const show = (frame: Frame): string =>
  JSON.stringify(frame, (_, one) => {
    if (typeof one === "bigint") return `${one}n`
    if (one instanceof Map) return [...one]
    return one instanceof Uint8Array ? one.length : one
  })

const isConfirm = (frame: Frame): boolean =>
  frame.type === "method" && (frame.method.name === "basic.ack" || frame.method.name === "basic.nack")

/** Why a session ended, or what it was told of its channel. */
const endingOf = (frames: ReadonlyArray<Frame>, isOver: boolean): string => {
  const closes = frames.flatMap((frame) =>
    frame.type === "method" && frame.method.name.endsWith(".close") ? [frame.method as Closing] : []
  )
  const last = closes.at(-1)
  if (last !== undefined) return `${last.name} ${last.replyCode}`
  return isOver ? "ends without a word" : "talks"
}

type Closing = Extract<Method, { name: "connection.close" | "channel.close" }>

const bystanderCalls = writeMethod(1, {
  name: "queue.declare",
  queue: "bystander",
  passive: false,
  durable: false,
  exclusive: true,
  autoDelete: false,
  noWait: false,
  arguments: new Map(),
})

/** What a session has to say. */
const drain = (session: Session, reader: FrameReader): ReadonlyArray<Frame> => {
  const frames: Array<Frame> = []
  for (let bytes = session.take(); bytes !== undefined; bytes = session.take()) {
    session.sent(bytes.length)
    reader.push(bytes)
    for (let next = reader.next(); next !== undefined && !isWireError(next); next = reader.next()) frames.push(next)
  }
  return frames
}

const feed = ({ bytes }: Pick<Input, "setup" | "bytes">, cut: Cut): Outcome => {
  const { server, defects } = makeServer()
  const bystander = connect(server)
  bystander.receive(join(login))
  const session = connect(server)
  const reader = new FrameReader({ frameMax: 0, expectsGreeting: false })
  const frames: Array<Frame> = []
  let held = 0
  const step = cut === "whole" ? Math.max(1, bytes.length) : 1
  for (let at = 0; at < bytes.length; at += step) {
    session.receive(bytes.slice(at, at + step))
    frames.push(...drain(session, reader))
    held = Math.max(held, session.partial)
  }
  server.pump()
  frames.push(...drain(session, reader))
  const ending = endingOf(frames, session.isOver)
  session.lost()
  drain(bystander, new FrameReader({ frameMax: 0, expectsGreeting: false }))
  bystander.receive(bystanderCalls)
  const answer = drain(bystander, new FrameReader({ frameMax: 0, expectsGreeting: false }))
  const { connections, virtualHosts: [vhost] } = server.figures()
  const queues = vhost?.queues.filter(({ spec }) => spec.exclusive).map(({ name }) => name) ?? []
  const wrong = defects.length > 0
    ? `a defect: ${defects[0] instanceof Error ? defects[0].stack : String(defects[0])}`
    : held > 200_000 + 2 * bytes.length
    ? `it holds ${held} bytes for ${bytes.length}`
    : connections.length !== 1 || queues.join() !== "bystander"
    ? `it leaves something behind: ${queues.join()}`
    : answer.length !== 1
    ? "the bystander is not served"
    : undefined
  return { told: frames.filter((frame) => !isConfirm(frame)).map(show).join("\n"), ending, held, wrong }
}

/** See the top of the file. */
export const broker: Target = { name: "broker", draw, feed, kindOf: (setup) => setup }
