/**
 * AMQP 0-9-1 as something to fuzz: what the wire codec makes of spoiled frames.
 *
 * Above `conversation.ts` (what is said) and `fields.ts` (how it is spoiled). What is read is written and read again: both
 * must be the same.
 */
import {
  Assembly,
  type Frame,
  FrameReader,
  isWireError,
  protocolHeader,
  type WireError,
  writeHeader,
  writeMethod,
} from "../../../src/broker/amqp/mod.ts"
import type { Random } from "../../chaos/random.ts"
import { join, type Mutation, mutations, noise, type Parts, pick, splice } from "../mutate.ts"
import type { Cut, Input, Outcome, Target } from "../Target.ts"
import { drawTraffic, limits } from "./conversation.ts"
import { fieldMutations } from "./fields.ts"

/** A server, which is greeted; a client, which is not. */
const setups = ["server", "client"] as const

/** Channels share this many assemblies, since a session bounds the number of channels and the codec does not. */
const channels = 3

/** What may be held for a frame, or a body, before much of it came, bytes. */
const allocatedAtOnce = 64 * 1024

const allMutations: ReadonlyArray<Mutation> = [...mutations, ...fieldMutations(mutations)]

const draw = (random: Random): Input => {
  const setup = pick(random, setups)
  if (random.next() < 0.01) return { setup, bytes: noise(random, random.between(0, 200)), isValid: false }
  const greeting: Parts = setup === "server" ? [protocolHeader as Uint8Array] : []
  let parts = drawTraffic(random)
  const count = pick(random, [0, 0, 1, 1, 1, 1, 2, 2, 3, 5])
  for (let i = 0; i < count; i++) parts = pick(random, allMutations)(parts, random)
  const spliced = random.next() < 0.06
  if (spliced) parts = splice(parts, drawTraffic(random), random)
  // few greetings are spoiled: nothing behind one is reached
  const spoilt = random.next() < 0.03 && setup === "server"
  const first = spoilt ? pick(random, mutations)(greeting, random) : greeting
  return { setup, bytes: join([...first, ...parts]), isValid: count === 0 && !spliced && !spoilt }
}

/** A value as text, whatever it holds. */
const show = (value: unknown): string =>
  JSON.stringify(value, (_, one) => {
    if (typeof one === "bigint") return `${one}n`
    if (one instanceof Map) return [...one]
    return one instanceof Uint8Array ? digest(one) : one
  })

/** Few letters for bytes, that other bytes hardly have. */
const digest = (bytes: Uint8Array): string => {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return `${bytes.length}:${(hash >>> 0).toString(16)}`
}

/** Writes a frame and reads it; what is wrong with what comes of it. */
const wrongAgain = (frame: Frame): string | undefined => {
  if (frame.type !== "method" && frame.type !== "header") return undefined
  const reader = new FrameReader({ frameMax: 0, expectsGreeting: false })
  reader.push(frame.type === "method" ? writeMethod(frame.channel, frame.method) : writeHeader(frame))
  const again = reader.next()
  return show(again) === show(frame) ? undefined : `it was written and read as ${show(again)}`
}

const endingOf = (error: WireError | undefined): string =>
  error === undefined
    ? "talks"
    : `${error.code} ${error._tag}: expected ${error.expected.replaceAll(/\d+|\b[a-z]+\.[a-z-]+/g, "#")}`

const feed = ({ setup, bytes }: Pick<Input, "setup" | "bytes">, cut: Cut): Outcome => {
  const reader = new FrameReader({ frameMax: limits.frameMax, expectsGreeting: setup === "server" })
  const assemblies = Array.from({ length: channels }, () => new Assembly(limits.bodyMax))
  const told: Array<string> = []
  let error: WireError | undefined
  let wrong: string | undefined
  let [held, frames] = [0, 0]
  const take = (frame: Frame): void => {
    frames++
    if (cut === "whole") wrong ??= wrongAgain(frame)
    if (frame.type === "greeting" || frame.type === "heartbeat") return void told.push(frame.type)
    const taken = assemblies[frame.channel % channels]!.take(frame)
    if (isWireError(taken)) return void (error = taken)
    if (taken === undefined) return
    if (taken.type === "content" && taken.body.length > limits.bodyMax) wrong ??= `a body of ${taken.body.length} bytes`
    told.push(`${frame.channel} ${show(taken)}`)
  }
  const step = cut === "whole" ? Math.max(1, bytes.length) : 1
  for (let at = 0; at < bytes.length && error === undefined; at += step) {
    reader.push(bytes.slice(at, at + step))
    for (let next = reader.next(); next !== undefined && error === undefined; next = reader.next()) {
      if (isWireError(next)) error = next
      else take(next)
    }
    held = Math.max(held, assemblies.reduce((sum, one) => sum + one.held, reader.held))
  }
  if (held > (1 + channels) * allocatedAtOnce + 2 * bytes.length) wrong ??= `it holds ${held} bytes for ${bytes.length}`
  if (frames > 1 + bytes.length / 8) wrong ??= `${frames} frames of ${bytes.length} bytes`
  const failed = error as WireError | undefined
  if (failed !== undefined && failed.offset > 8 + limits.frameMax) wrong ??= `an error at byte ${failed.offset}`
  return {
    told: `${told.join("\n")}\n${failed?.message ?? ""} ${failed?.code ?? ""}`,
    ending: endingOf(failed),
    held,
    wrong,
  }
}

/** See the top of the file. */
export const amqp: Target = {
  name: "amqp",
  draw,
  feed,
  kindOf: (setup) => setup === "server" ? "greeted" : "without a greeting",
}
