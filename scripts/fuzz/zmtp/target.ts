/**
 * ZMTP as something to fuzz: what sessions of every kind make of spoiled conversations.
 *
 * Above `conversation.ts` (what is said), `fields.ts` (how it is spoiled) and `setups.ts` (who hears it).
 */
import { concat, toHex } from "../../../adapters/zeromq/zmtp/bytes.ts"
import type { Random } from "../../chaos/random.ts"
import type { Heard, Party } from "../../zmtp/Party.ts"
import { join, mutations, noise, type Parts, pick, splice } from "../mutate.ts"
import type { Cut, Input, Outcome, Target } from "../Target.ts"
import { drawGreeting, drawReady, drawTraffic, encodeFrame, limits, refusal, write } from "./conversation.ts"
import { fieldMutations, spoilInside } from "./fields.ts"
import {
  hello,
  nameOf,
  open,
  openClient,
  sealedCipher,
  type Security,
  type Setup,
  setupOf,
  skipped,
  types,
} from "./setups.ts"

/** What a session may write of its own accord (greeting, handshake, refusal), bytes. */
const ownWords = 1024

/** What may be held for a body that is on its way at most before any of it came, bytes. */
const allocatedAtOnce = 64 * 1024

/** Few real handshakes: each takes ms. */
const drawSecurity = (random: Random): Security => {
  const chance = random.next()
  if (chance < 0.7) return "null"
  if (chance < 0.9955) return chance < 0.85 ? "sealed-server" : "sealed-client"
  return chance < 0.9975 ? "hello-server" : chance < 0.9985 ? "hello-client" : "live"
}

/** A conversation that makes no mistake, and, where it is sealed, mistakes that are sealed with it. */
const drawParts = (random: Random, { type, security }: Setup): { readonly parts: Parts; readonly isValid: boolean } => {
  switch (security) {
    case "sealed-server":
    case "sealed-client": {
      const isServer = security === "sealed-server"
      let frames = drawTraffic(random)
      const spoiled = random.next() < 0.5 ? random.between(1, 2) : 0
      for (let i = 0; i < spoiled; i++) frames = spoilInside(frames, random)
      const cipher = sealedCipher(isServer ? "client" : "server")
      const parts = [drawGreeting(random, "CURVE", !isServer), skipped, ...write(frames, cipher)]
      return { parts, isValid: spoiled === 0 }
    }
    case "hello-server": {
      // what follows a HELLO cannot be right: nobody knows the cookie
      const initiate = encodeFrame(
        4,
        concat(Uint8Array.of(8), new TextEncoder().encode("INITIATE"), noise(random, 300)),
      )
      return { parts: [drawGreeting(random, "CURVE", false), hello, initiate], isValid: false }
    }
    case "hello-client": {
      const welcome = encodeFrame(4, concat(Uint8Array.of(7), new TextEncoder().encode("WELCOME"), noise(random, 160)))
      return { parts: [drawGreeting(random, "CURVE", true), welcome, refusal], isValid: false }
    }
    case "live":
      return { parts: [noise(random, 4 * random.between(0, 2))], isValid: false }
    case "null": {
      const refuses = random.next() < 0.05
      const parts = [
        drawGreeting(random, "NULL", false),
        drawReady(random, type),
        ...write(drawTraffic(random), undefined),
      ]
      return { parts: refuses ? [...parts, refusal] : parts, isValid: !refuses }
    }
  }
}

const allMutations = [...mutations, ...fieldMutations]

const draw = (random: Random): Input => {
  const setup: Setup = { type: pick(random, types), security: drawSecurity(random), isSlow: random.next() < 0.2 }
  const named = nameOf(setup)
  if (random.next() < 0.01) return { setup: named, bytes: noise(random, random.between(0, 200)), isValid: false }
  const drawn = drawParts(random, setup)
  // what comes late is met only when what comes before is intact
  const intact = pick(random, [0, 1, 1, 2, 2, 2, 2, 2])
  let parts: Parts = drawn.parts.slice(intact)
  const count = setup.security === "live" ? 0 : pick(random, [0, 0, 1, 1, 1, 2, 2, 3, 5])
  for (let i = 0; i < count; i++) parts = pick(random, allMutations)(parts, random)
  const spliced = setup.security !== "live" && random.next() < 0.06
  if (spliced) parts = splice(parts, drawParts(random, { ...setup, type: pick(random, types) }).parts, random)
  parts = [...drawn.parts.slice(0, intact), ...parts]
  return { setup: named, bytes: join(parts), isValid: drawn.isValid && count === 0 && !spliced }
}

/** A number for bytes, that other bytes hardly have. */
const digest = (all: Iterable<Uint8Array>): string => {
  let [one, two] = [0x811c9dc5, 0x1b873593]
  for (const bytes of all) {
    for (let i = 0; i < bytes.length; i++) {
      one = Math.imul(one ^ bytes[i]!, 0x01000193)
      two = Math.imul(two ^ bytes[i]!, 0x85ebca6b) ^ (two >>> 13)
    }
    one = Math.imul(one ^ bytes.length, 0x01000193)
  }
  return `${(one >>> 0).toString(16)}${(two >>> 0).toString(16)}`
}

/** An error without what is different each time. */
const kindOfError = (detail: string): string =>
  detail
    .replaceAll(/"(?:[^"\\]|\\.)*"…?/g, '"…"')
    .replaceAll(/\([0-9a-f]*…?\)/g, "(#)")
    .replaceAll(/\b[0-9a-f]{2,32}…?(?=[ ;,]|$)/g, "#")
    .replaceAll(/\d+/g, "#")

const describe = ({ order, peer, messages, subscriptions, ttls, error }: Heard, isRandom: boolean): string => {
  // how much of a wrong greeting is there to be shown depends on how it was cut
  const detail = error?.detail.replace(/^It greets with [0-9a-f…]+/, "It greets")
  return [
    order.map((one) => one[0]).join(""),
    peer === undefined
      ? ""
      : `${peer.type} ${peer.minor} ${toHex(peer.identity, 255)} ${toHex(peer.key ?? peer.identity, 32)}`,
    `${messages.map(({ length }) => length)} ${digest(messages.flat())}`,
    `${subscriptions.map(({ wanted }) => Number(wanted))} ${digest(subscriptions.map(({ topic }) => topic))}`,
    String(ttls),
    detail === undefined ? "" : `${isRandom ? kindOfError(detail) : detail} ${error!.fatal}`,
  ].join(" | ")
}

/** Hears bytes; a slow owner goes on as long as there is something. */
const hear = (party: Party, bytes: Uint8Array, cut: Cut, isSlow: boolean): void => {
  const step = cut === "whole" ? Math.max(1, bytes.length) : 1
  for (let at = 0; at < bytes.length; at += step) {
    party.push(bytes.subarray(at, at + step))
    for (let seen = -1; isSlow && seen < party.heard.messages.length;) {
      seen = party.heard.messages.length
      party.session.resume()
    }
  }
}

/** What no peer may bring about. */
const wrongWith = (party: Party, input: Uint8Array, written: number): string | undefined => {
  const { heard, session } = party
  const ended = heard.order.indexOf("failed")
  if (ended >= 0 && ended !== heard.order.length - 1) return "it went on after it had ended"
  if (ended >= 0 && session.held > 0) return `it holds ${session.held} bytes although it has ended`
  if (heard.order.length > 1 + input.length / 2) return `${heard.order.length} events of ${input.length} bytes`
  if (written > ownWords + input.length) return `it wrote ${written} bytes for ${input.length}`
  if (session.held > allocatedAtOnce + 2 * input.length) return `it holds ${session.held} bytes for ${input.length}`
  for (const message of heard.messages) {
    const size = message.reduce((sum, { length }) => sum + length, 0)
    if (message.length > limits.maxFrames || size > limits.maxMessageBytes) {
      return `a message of ${message.length} frames and ${size} bytes`
    }
  }
  return undefined
}

const endingOf = ({ error, peer }: Heard): string =>
  error === undefined ? (peer === undefined ? "greeting or handshake goes on" : "talks") : kindOfError(error.detail)

/** A real handshake; four bytes change one byte of what is on its way: which transfer, where (two), and how. */
const feedLive = ({ type }: Setup, recipe: Uint8Array, cut: Cut): Outcome => {
  const [party, peer] = [open({ type, security: "live", isSlow: false }), openClient(type)]
  let transfers = 0
  const pass = (bytes: Uint8Array, to: Party) => {
    const changed = bytes.slice()
    for (let at = 0; at + 4 <= recipe.length && bytes.length > 0; at += 4) {
      if (recipe[at]! % 8 === transfers) {
        changed[(recipe[at + 1]! * 256 + recipe[at + 2]!) % bytes.length]! ^= recipe[at + 3]! || 1
      }
    }
    transfers++
    hear(to, changed, cut, false)
  }
  let said = false
  for (;;) {
    const [there, back] = [peer.written(), party.written()]
    if (there.length === 0 && back.length === 0) {
      if (said || !peer.session.isReady) break
      said = true
      peer.session.send([Uint8Array.of(1), new Uint8Array(0)])
      peer.session.sendPing(500)
      continue
    }
    pass(there, party)
    pass(back, peer)
  }
  const told = `${describe(party.heard, true)} / ${describe(peer.heard, true)}`
  const failures = [party, peer].find(({ heard }) => heard.failures > 1)
  return {
    told,
    ending: endingOf(party.heard),
    held: party.session.held,
    wrong: failures === undefined ? undefined : "it ended more than once",
  }
}

const feed = ({ setup: named, bytes }: Pick<Input, "setup" | "bytes">, cut: Cut): Outcome => {
  const setup = setupOf(named)
  if (setup.security === "live") return feedLive(setup, bytes, cut)
  const party = open(setup)
  hear(party, bytes, cut, setup.isSlow)
  const written = party.written()
  const isRandom = setup.security === "hello-client" || setup.security === "hello-server"
  return {
    told: `${describe(party.heard, isRandom)} | ${written.length} ${isRandom ? "" : digest([written])}`,
    ending: endingOf(party.heard),
    held: party.session.held,
    wrong: wrongWith(party, bytes, written.length),
  }
}

/** See the top of the file. */
export const zmtp: Target = {
  name: "zmtp",
  draw,
  feed,
  kindOf: (named) => {
    const { security } = setupOf(named)
    if (security === "null") return "in clear"
    return security.startsWith("sealed") ? "after a CURVE handshake" : "in a CURVE handshake"
  },
}
