/**
 * Presence on the wire: who is alive, what it serves, and how others ask.
 *
 * Four notices, JSON bodies of type `warren.presence`, never persistent. `announce` (exchange `warren.control`, key
 * `presence.announce`, or `presence.caller.announce` of a process that handles nothing) says all a process has to say of
 * itself: at its start, on change, every few seconds, when it drains, and `gone` at its end. `ask` (keys `presence.ask` and
 * `presence.caller.ask`, then with `callers`) makes each of them tell the asker alone, on its control queue; in a crowd it goes
 * to the queue `warren.directory`, and one of those that know everybody answers with `told`, in parts. `ping` goes to one
 * process's control queue, which is exclusive to its connection: that no queue took it is the news.
 * Pure. Reading never fails and never believes more than its limits: any AMQP client may have written the bytes.
 */
import { Result } from "effect"
import type { Packet } from "../transport/mod.ts"
import { writeMeta } from "./headers.ts"
import { fromBytes, toBytes } from "./json.ts"
import { encodeText } from "./text.ts"

/** The type of every notice. */
export const presenceType = "warren.presence"

/** What is refused beyond; a text is that many characters, heartbeats are that many ms apart. */
export const presenceLimits = {
  bytes: 262_144,
  apps: 64,
  handlers: 1_000,
  names: 500,
  /** Announcements in one part of what is told. */
  told: 200,
  text: 512,
  quickest: 50,
  slowest: 3_600_000,
} as const

/** One handler, as others must know it. */
export interface PresentHandler {
  /** `register`. */
  readonly name: string
  readonly kind: "call" | "listener" | "schedule"
  /** `sales.orderPlaced`, or a schedule's text. */
  readonly subject: string
  readonly queue: string
  /** The fingerprint it reads with; `""`: it has none. */
  readonly schema: string
  /** Its api's version; `""`: it has none. */
  readonly version: string
  readonly idempotent: boolean
}

/** One app of a process. */
export interface PresentApp {
  readonly app: string
  readonly handlers: ReadonlyArray<PresentHandler>
}

/** Where a process stands in its life, by its own word. */
export type PresenceState = "running" | "draining" | "gone"

/** What a process says of itself. Times are ms since the epoch on its own clock, for people only. */
export interface Announcement {
  readonly instance: string
  readonly apps: ReadonlyArray<PresentApp>
  /** Types of the events it has emitted, and of the calls it has made. */
  readonly emits: ReadonlyArray<string>
  readonly calls: ReadonlyArray<string>
  readonly host: string
  readonly pid: number
  /** `bun 1.4.5`. */
  readonly runtime: string
  /** The program's own version; `""`: it does not say. */
  readonly version: string
  readonly startedAt: number
  readonly state: PresenceState
  /** ms until the next announcement at about that distance. */
  readonly every: number
  /** Deliveries in hand, handled well, and failed. */
  readonly inHand: number
  readonly handled: number
  readonly failed: number
  readonly lastHandled?: number | undefined
  readonly lastError?: string | undefined
  /** Where calls may be sent straight to, past the broker; absent: nowhere. */
  readonly direct?: string | undefined
}

/** What a process said of itself, told by another one. */
export interface Hearsay {
  readonly announcement: Announcement
  /** ms since it was heard. */
  readonly ago: number
  /** When it was sent, on its sender's clocks, as far as it said so: the one that nobody sets, and the one of the day. */
  readonly sent?: number | undefined
  readonly at?: number | undefined
}

/** Who is there, as one process knows it. */
export interface Told {
  /** Who tells. */
  readonly instance: string
  /** Of those that handle nothing; else of those that handle something. */
  readonly callers: boolean
  /** Parts that are still to come. */
  readonly left: number
  readonly heard: ReadonlyArray<Hearsay>
}

/**
 * One notice. `instance` of an ask, a tell or a ping is who wants to know; `callers`: of those that handle nothing only. A
 * `tell` is a question that a process passes on to itself, so that it answers when it has read all that came before.
 */
export type Notice =
  | { readonly kind: "told"; readonly told: Told }
  | { readonly kind: "tell"; readonly instance: string; readonly callers: boolean }
  | { readonly kind: "announce"; readonly announcement: Announcement }
  | { readonly kind: "ask"; readonly instance: string; readonly callers?: boolean | undefined }
  | { readonly kind: "ping"; readonly instance: string }

/** The body of a notice; `undefined` when it is beyond the limits, so that nobody would read it. */
export const encodeNotice = (notice: Notice): Uint8Array | undefined => {
  const { kind } = notice
  const said = kind === "announce" ? notice.announcement : kind === "told" ? notice.told : notice
  const body = Result.getOrUndefined(toBytes({ v: 1, kind, ...said }))
  return body !== undefined && decodeNotice(body) !== undefined ? body : undefined
}

/** The bodies of what is told, in as many parts as it takes; what is beyond the limits by itself is left out. */
export const encodeTold = (
  instance: string,
  callers: boolean,
  heard: ReadonlyArray<Hearsay>,
): ReadonlyArray<Uint8Array> => {
  const parts = Array.from(
    { length: Math.ceil(heard.length / toldTogether) },
    (_, index) => heard.slice(index * toldTogether, (index + 1) * toldTogether),
  ).flatMap(fitting)
  if (parts.length === 0) parts.push("[]")
  const head = `{"v":1,"kind":"told","instance":${JSON.stringify(instance)},"callers":${callers}`
  return parts.map((part, index) => encodeText(`${head},"left":${parts.length - 1 - index},"heard":${part}}`))
}

/** Announcements that are told in one part. */
const toldTogether = presenceLimits.told / 2

/** Room for what is around a part, bytes. */
const around = 4_096

/** The part as JSON, or parts of it that are small enough for one notice; what was heard has been read before. */
const fitting = (part: ReadonlyArray<Hearsay>): Array<string> => {
  const text = JSON.stringify(part)
  const most = presenceLimits.bytes - around
  // a character takes three bytes at most
  if (text.length * 3 <= most || encodeText(text).length <= most) return [text]
  if (part.length <= 1) return []
  const half = part.length >> 1
  return [...fitting(part.slice(0, half)), ...fitting(part.slice(half))]
}

/** The notice in a body; `undefined` for anything else. Fields of later versions are left out. */
export const decodeNotice = (body: Uint8Array): Notice | undefined => {
  if (body.length > presenceLimits.bytes) return undefined
  const json = fromBytes(body)
  if (Result.isFailure(json) || !isRecord(json.success) || json.success["v"] !== 1) return undefined
  const { kind, instance } = json.success
  switch (kind) {
    case "announce": {
      const announcement = readAnnouncement(json.success)
      return announcement && { kind, announcement }
    }
    case "told": {
      const { callers, left } = json.success
      const heard = list(json.success["heard"], presenceLimits.told, readHearsay)
      if (!isName(instance) || typeof callers !== "boolean" || !isCount(left) || heard === undefined) return undefined
      return { kind, told: { instance, callers, left, heard } }
    }
    case "tell":
      return isName(instance) ? { kind, instance, callers: json.success["callers"] === true } : undefined
    case "ask":
      if (!isName(instance)) return undefined
      return { kind, instance, ...(json.success["callers"] === true && { callers: true }) }
    case "ping":
      return isName(instance) ? { kind, instance } : undefined
    default:
      return undefined
  }
}

/** A notice as a packet; it lives as long as it is worth reading (`expiration`, ms). */
export const noticePacket = (
  id: string,
  app: string,
  now: number,
  expiration: number,
  body: Uint8Array,
  sent?: number,
): Packet => ({
  id,
  type: presenceType,
  app,
  timestamp: now,
  contentType: "application/json",
  persistent: false,
  expiration,
  headers: writeMeta({ sent }),
  body,
})

type Json = Readonly<Record<string, unknown>>

const readAnnouncement = (json: Json): Announcement | undefined => {
  const apps = list(json["apps"], presenceLimits.apps, readApp)
  const emits = list(json["emits"], presenceLimits.names, readText)
  const calls = list(json["calls"], presenceLimits.names, readText)
  const { instance, host, pid, runtime, version, startedAt, state, every, inHand, handled, failed } = json
  const { lastHandled, lastError, direct } = json
  return apps !== undefined &&
      apps.reduce((sum, { handlers }) => sum + handlers.length, 0) <= presenceLimits.handlers &&
      emits !== undefined && calls !== undefined && isName(instance) && isText(host) && isCount(pid) &&
      isText(runtime) && isText(version) && isCount(startedAt) && isOneOf(states, state) &&
      // whoever announces more often than that, or never, is no process of ours
      isCount(every) && every >= presenceLimits.quickest && every <= presenceLimits.slowest && isCount(inHand) &&
      isCount(handled) && isCount(failed) &&
      (lastHandled === undefined || isCount(lastHandled)) && (lastError === undefined || isText(lastError)) &&
      (direct === undefined || isName(direct))
    ? {
      instance,
      apps,
      emits,
      calls,
      host,
      pid,
      runtime,
      version,
      startedAt,
      state,
      every,
      inHand,
      handled,
      failed,
      ...(lastHandled !== undefined && { lastHandled }),
      ...(lastError !== undefined && { lastError }),
      ...(direct !== undefined && { direct }),
    }
    : undefined
}

const readHearsay = (json: unknown): Hearsay | undefined => {
  if (!isRecord(json) || !isRecord(json["announcement"])) return undefined
  const { ago, sent, at } = json
  const announcement = readAnnouncement(json["announcement"])
  return announcement !== undefined && isCount(ago) && (sent === undefined || isCount(sent)) &&
      (at === undefined || isCount(at))
    ? { announcement, ago, ...(sent !== undefined && { sent }), ...(at !== undefined && { at }) }
    : undefined
}

const readApp = (json: unknown): PresentApp | undefined => {
  if (!isRecord(json)) return undefined
  const handlers = list(json["handlers"], presenceLimits.handlers, readHandler)
  return isName(json["app"]) && handlers !== undefined ? { app: json["app"], handlers } : undefined
}

const readHandler = (json: unknown): PresentHandler | undefined => {
  if (!isRecord(json)) return undefined
  const { name, kind, subject, queue, schema, version, idempotent } = json
  return isName(name) && isOneOf(kinds, kind) && isText(subject) && isText(queue) && isText(schema) &&
      isText(version) && typeof idempotent === "boolean"
    ? { name, kind, subject, queue, schema, version, idempotent }
    : undefined
}

const states = ["running", "draining", "gone"] as const
const kinds = ["call", "listener", "schedule"] as const

const list = <A>(json: unknown, most: number, read: (item: unknown) => A | undefined): Array<A> | undefined => {
  if (!Array.isArray(json) || json.length > most) return undefined
  const items: Array<A> = []
  for (const one of json) {
    const item = read(one)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= presenceLimits.text

const isName = (value: unknown): value is string => isText(value) && value !== ""

const readText = (value: unknown): string | undefined => isText(value) ? value : undefined

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

const isOneOf = <A>(some: ReadonlyArray<A>, value: unknown): value is A => some.includes(value as A)
