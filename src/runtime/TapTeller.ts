/**
 * Tells one tap what this process sends, in few notices and without holding anything up.
 *
 * Below `Taps`, above the transport. It chooses by the order, counts everything that fits, and tells so much a second and no
 * more; from the count whoever taps knows how many were left out. Nothing is sent twice.
 */
import { Effect } from "effect"
import { fits, type Packet, words } from "../transport/mod.ts"
import {
  encodeTapNotice,
  fromBytes,
  Header,
  holds,
  routeTo,
  tapLimits,
  type TapOrder,
  tapPacket,
  type TappedCount,
  type TappedMessage,
  tappedType,
  tapQueue,
} from "../wire/mod.ts"
import type { CoreShape } from "./Core.ts"

/** What of a core a teller stands on. */
export type TapCore = Pick<
  CoreShape,
  "ids" | "instance" | "machine" | "monotonic" | "now" | "runFork" | "settings" | "transport"
>

/** A message that this process has sent, or was sent by somebody who does not tell. */
export interface Tapped {
  readonly packet: Packet
  readonly kind: "event" | "call"
  readonly heard?: boolean | undefined
  readonly isForeign: boolean
}

/** Told a second at most: messages, and bytes of bodies; and bytes that may wait meanwhile. */
const most = { messages: 1_000, bytes: 8_388_608, waiting: 4_194_304 } as const
/** Between two notices, ms: what happens meanwhile goes together. What is more than one holds goes at once. */
const pause = 50

/** See the top of the file. */
export class TapTeller {
  /** Until when it tells, ms on the clock that nobody sets. */
  until = 0
  /** Whether nobody listens any more. */
  isGone = false
  readonly #order: TapOrder
  readonly #pattern: ReadonlyArray<string>
  readonly #round: number
  readonly #core: TapCore
  readonly #waiting: Array<{ readonly message: TappedMessage; readonly bytes: number }> = []
  #bytes = 0
  #fitted = 0
  readonly #counts = new Map<string, { -readonly [field in keyof TappedCount]: TappedCount[field] }>()
  /** What was decided of types: they are few. */
  readonly #types = new Map<string, boolean>()
  #second = 0
  #told = 0
  #toldBytes = 0
  #isNews = false
  #isSending = false

  /** `round`: how many there were before it. */
  constructor(core: TapCore, order: TapOrder, round: number) {
    this.#core = core
    this.#order = order
    this.#pattern = words(order.pattern)
    this.#round = round
    this.renew(order.lease)
  }

  /** The order came again: it holds for longer, and it is said that this process is there. */
  renew(lease: number): void {
    this.until = this.#core.monotonic() + lease
    this.#isNews = true
    this.#start()
  }

  /** Takes in a message, if it is one of those. */
  offer(tapped: Tapped): void {
    const { packet, kind, isForeign } = tapped
    if (this.isGone || !this.#fits(packet)) return
    const { type, app } = packet
    this.#isNews = true
    // of those that several handlers have, nobody but the tap knows that they are one
    if (!isForeign) {
      this.#fitted++
      if (this.#order.mode === "counts") this.#count(type, app, kind)
    }
    if (isForeign || this.#order.mode === "messages") this.#wait(tapped)
    this.#start()
  }

  /** Tells at once whatever there is. */
  readonly flush: Effect.Effect<void> = Effect.suspend(() => this.#isNews ? this.#send : Effect.void)

  #fits(packet: Packet): boolean {
    const { app, where } = this.#order
    if (app !== undefined && app !== packet.app) return false
    let isWanted = this.#types.get(packet.type)
    if (isWanted === undefined) {
      isWanted = fits(this.#pattern, words(packet.type))
      if (this.#types.size < tapLimits.counts) this.#types.set(packet.type, isWanted)
    }
    if (!isWanted || where.length === 0) return isWanted
    const json = fromBytes(packet.body)
    return json._tag === "Success" && holds(where, json.success)
  }

  #count(type: string, app: string, kind: "event" | "call"): void {
    const key = `${kind} ${type} ${app}`
    const known = this.#counts.get(key)
    if (known !== undefined) known.count++
    else if (this.#counts.size < tapLimits.counts) this.#counts.set(key, { type, app, kind, count: 1 })
  }

  #wait({ packet, kind, heard, isForeign }: Tapped): void {
    const now = this.#core.monotonic()
    if (now - this.#second >= 1_000) {
      this.#second = now
      this.#told = 0
      this.#toldBytes = 0
    }
    const { id, type, app, timestamp: at, headers, body } = packet
    const cause = headers[Header.cause]
    const isBodyWanted = this.#order.mode === "messages" && body.length <= tapLimits.body
    const bytes = isBodyWanted ? body.length : 0
    if (this.#told >= most.messages || this.#toldBytes + bytes > most.bytes || this.#bytes + bytes > most.waiting) {
      return
    }
    this.#told++
    this.#toldBytes += bytes
    this.#bytes += bytes
    const message: TappedMessage = {
      at,
      id,
      type,
      app,
      kind,
      ...(typeof cause === "string" && { cause }),
      ...(heard !== undefined && { heard }),
      ...(isForeign && { foreign: true }),
      size: body.length,
      ...(isBodyWanted && bodyOf(body)),
    }
    this.#waiting.push({ message, bytes })
  }

  #start(): void {
    if (this.#isSending || this.isGone) return
    this.#isSending = true
    // what happens in this turn goes together
    this.#core.runFork(Effect.andThen(Effect.yieldNow, this.#tell)).addObserver(() => this.#isSending = false)
  }

  readonly #tell: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    while (this.#isNews && !this.isGone) {
      yield* this.#send
      if (this.#waiting.length === 0) yield* Effect.sleep(pause)
    }
  })

  readonly #send: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const core = this.#core
    const { instance, machine: { host, pid } } = core
    const { key, mode } = this.#order
    const messages = this.#take()
    this.#isNews = this.#waiting.length > 0
    const fitted = this.#fitted - this.#waiting.filter(({ message }) => message.foreign !== true).length
    const counts = mode === "counts" ? { counts: [...this.#counts.values()] } : {}
    const body = encodeTapNotice({ key, instance, host, pid, round: this.#round, fitted, messages, ...counts })
    // what nobody could read is left out
    if (body === undefined) return
    const now = core.now()
    const packet = tapPacket(tappedType, core.ids.next(now), core.settings.app, now, body)
    const told = yield* core.transport.publish(routeTo.queue(tapQueue(this.#order)), packet).pipe(
      Effect.orElseSucceed(() => "lost" as const),
    )
    if (told === "unroutable") this.isGone = true
  })

  /** The first of those that wait, as many as go together. */
  #take(): ReadonlyArray<TappedMessage> {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < tapLimits.messages && (count === 0 || bytes < tapLimits.bytes)) {
      bytes += this.#waiting[count++]!.bytes
    }
    this.#bytes -= bytes
    return this.#waiting.splice(0, count).map(({ message }) => message)
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const bodyOf = (bytes: Uint8Array): Pick<TappedMessage, "body" | "raw"> => {
  try {
    return { body: strict.decode(bytes) }
  } catch {
    return { raw: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) }
  }
}
