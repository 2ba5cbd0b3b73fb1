/**
 * Following a message on the wire: how a message says who wants to know what becomes of it, and how that is told.
 *
 * The header `warren-follow` names a process and a key; whoever has such a message in hand tells that process, on its
 * control queue, in notices of type `warren.hop`, a JSON body each, never persistent. Only control queues can be named.
 * Pure. Reading never fails and never believes more than its limits: any AMQP client may have written header and bytes.
 */
import { Result } from "effect"
import type { HeaderValue, Packet } from "../transport/mod.ts"
import { fromBytes, toBytes } from "./json.ts"
import { noticePacket } from "./presence.ts"

/** The type of every notice. */
export const hopType = "warren.hop"

/** What is refused beyond: bytes of a notice, hops of one, characters of a name and of a text for people. */
export const hopLimits = { bytes: 524_288, hops: 64, name: 255, text: 500 } as const

/** Who follows. */
export interface Follow {
  /** The process that asks; its control queue is told. */
  readonly instance: string
  /** Which of its questions it is. */
  readonly key: string
}

/** One thing that happened to a followed message. What is `undefined` is not known, or has no meaning there. */
export interface FollowedHop {
  /** ms on a clock of the teller that nobody sets. */
  readonly at: number
  /** `sent`, `emitted`, `delivered`, `started`, `acked`, … */
  readonly fact: string
  /** Id of the message it is about. */
  readonly id: string
  /** `sales.orderPlaced`. */
  readonly type: string
  /** The app that acts. */
  readonly app: string
  /** `warranty.register`, where a handler is involved. */
  readonly handler?: string | undefined
  /** Where a delivery came from. */
  readonly queue?: string | undefined
  /** Id of the message that caused this one. */
  readonly cause?: string | undefined
  readonly attempt?: number | undefined
  /** How long it took, ms. */
  readonly ms?: number | undefined
  /** Until the next attempt, ms. */
  readonly delay?: number | undefined
  /** What went wrong. */
  readonly error?: string | undefined
  /** How a call that is over travelled: `broker`, `reply` or `direct`. */
  readonly lane?: string | undefined
  /** Why, or how. */
  readonly detail?: string | undefined
}

/** What one process tells. */
export interface HopNotice {
  readonly key: string
  /** Who tells. */
  readonly instance: string
  readonly host: string
  readonly pid: number
  /** When it was sent, on the clock of the hops. */
  readonly sent: number
  /** Hops that were left out since the last notice. */
  readonly missed: number
  readonly hops: ReadonlyArray<FollowedHop>
}

/** The value of the header `warren-follow`. */
export const formatFollow = ({ instance, key }: Follow): string => `${instance}/${key}`

const followed = /^([^/\p{Cc}]{1,200})\/([\w-]{1,64})$/u

/** Reads the header `warren-follow`; `undefined`: it is none. */
export const parseFollow = (value: HeaderValue | undefined): Follow | undefined => {
  const parts = typeof value === "string" && value.length <= 300 ? followed.exec(value) : null
  return parts === null ? undefined : { instance: parts[1]!, key: parts[2]! }
}

/** The body of a notice, its texts cut to what is read; `undefined` when nobody would read it. */
export const encodeHops = (notice: HopNotice): Uint8Array | undefined => {
  const hops = notice.hops.map((hop) => ({ ...hop, error: cut(hop.error), detail: cut(hop.detail) }))
  const body = Result.getOrUndefined(toBytes({ v: 1, ...notice, hops }))
  return body !== undefined && decodeHops(body) !== undefined ? body : undefined
}

/** The notice in a body; `undefined` for anything else. Fields of later versions are left out. */
export const decodeHops = (body: Uint8Array): HopNotice | undefined => {
  if (body.length > hopLimits.bytes) return undefined
  const json = Result.getOrUndefined(fromBytes(body))
  if (!isRecord(json) || json["v"] !== 1) return undefined
  const { key, instance, host, pid, sent, missed, hops: listed } = json
  const fits = isName(key) && isName(instance) && isText(host, hopLimits.name) && isCount(pid) && isNumber(sent) &&
    isCount(missed) && Array.isArray(listed) && listed.length <= hopLimits.hops
  if (!fits) return undefined
  const hops: Array<FollowedHop> = []
  for (const one of listed as ReadonlyArray<unknown>) {
    const hop = readHop(one)
    if (hop === undefined) return undefined
    hops.push(hop)
  }
  return { key, instance, host, pid, sent, missed, hops }
}

/** A notice as a packet; nobody waits for it longer than a minute. */
export const hopPacket = (id: string, app: string, now: number, body: Uint8Array): Packet => ({
  ...noticePacket(id, app, now, 60_000, body),
  type: hopType,
})

type Json = Readonly<Record<string, unknown>>

const readHop = (json: unknown): FollowedHop | undefined => {
  if (!isRecord(json)) return undefined
  const { at, fact, id, type, app } = json
  const fits = isNumber(at) && isName(fact) && isName(id) && isText(type, hopLimits.name) &&
    isText(app, hopLimits.name)
  if (!fits) return undefined
  const hop: { -readonly [field in keyof FollowedHop]: FollowedHop[field] } = { at, fact, id, type, app }
  for (const field of names) {
    const value = json[field]
    if (value === undefined) continue
    if (!isText(value, hopLimits.name)) return undefined
    hop[field] = value
  }
  for (const field of texts) {
    const value = json[field]
    if (value === undefined) continue
    if (!isText(value, hopLimits.text)) return undefined
    hop[field] = value
  }
  for (const field of numbers) {
    const value = json[field]
    if (value === undefined) continue
    if (!isNumber(value)) return undefined
    hop[field] = value
  }
  return hop
}

const names = ["handler", "queue", "cause", "lane"] as const
const texts = ["error", "detail"] as const
const numbers = ["attempt", "ms", "delay"] as const

const cut = (text: string | undefined): string | undefined =>
  text !== undefined && text.length > hopLimits.text ? `${text.slice(0, hopLimits.text - 1)}…`.toWellFormed() : text

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const isText = (value: unknown, most: number): value is string => typeof value === "string" && value.length <= most

const isName = (value: unknown): value is string => isText(value, hopLimits.name) && value !== ""

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

const isCount = (value: unknown): value is number => isNumber(value) && Number.isSafeInteger(value) && value >= 0
