/**
 * Asks other processes what they are doing, and answers those that ask: how inspection learns what no broker knows.
 *
 * Part of `Core`, beside `Presence`: that says who is there, this says what each is at. Nothing is sent unless somebody asks,
 * and few askers are answered at a time. On a transport that is not shared this process answers itself. Notices:
 * `src/wire/enquiry.ts`.
 */
import { Duration, Effect } from "effect"
import { type ContractSpec, fingerprint, memberSchema } from "../contract/mod.ts"
import {
  type Confirm,
  type Delivery,
  Disconnected,
  type Packet,
  type Route,
  type Status,
  TransportError,
} from "../transport/mod.ts"
import {
  type Answer,
  type Answered,
  type AnswerTo,
  answerType,
  canaryType,
  decodeAnswer,
  decodeEnquiry,
  encodeAnswer,
  encodeEnquiry,
  type Enquiry,
  enquiryLimits,
  enquiryType,
  type HandlerStats,
  type KnownContract,
  noticePacket,
  type Question,
  QueueName,
  routeTo,
} from "../wire/mod.ts"
import type { Work } from "./Announcer.ts"
import type { CoreShape } from "./Core.ts"
import { HandlerDeeds } from "./stats/Deeds.ts"
import type { Tally } from "./stats/Tally.ts"

/** What one process answered. */
export interface Told<K extends Question["kind"] = Question["kind"]> {
  readonly instance: string
  readonly answer: AnswerTo<K>
  /** When it was asked, and when its answer came, ms since the epoch on the asker's clock. */
  readonly askedAt: number
  readonly heardAt: number
  /** Whether it is this process. */
  readonly isSelf: boolean
}

/** How long to wait. */
export interface EnquiryOptions<K extends Question["kind"] = Question["kind"]> {
  /** Longest wait for answers; up to three times that as long as they keep coming in, as in a crowd. @default "1 second" */
  readonly patience?: Duration.Input
  /** After so long without another answer none is coming in; with "all", there will be none. @default "200 millis" */
  readonly quiet?: Duration.Input
  /** Whether no further answer is needed. @default never */
  readonly enough?: (told: ReadonlyArray<Told<K>>) => boolean
}

/** See the top of the file. */
export interface Enquiries {
  /** Asks processes by their instances, or all there are; who does not answer in time is left out. Never fails. */
  readonly enquire: <Q extends Question>(
    to: ReadonlyArray<string> | "all",
    question: Q,
    options?: EnquiryOptions<Q["kind"]>,
  ) => Effect.Effect<ReadonlyArray<Told<Q["kind"]>>>
  /**
   * Sends a canary along a message's way, and waits until whoever meets it has answered `enough`, or nobody does in time. Fails
   * never; `confirm`: what the broker said of it, or why it was not taken.
   */
  readonly probe: (
    route: Route,
    enough: (told: ReadonlyArray<Told<"canary">>) => boolean,
    /** ms. */
    patience: number,
  ) => Effect.Effect<Probed>
  /** Takes a delivery that is a canary; `false`: it is a message. */
  readonly meet: (delivery: Delivery, handler: string) => boolean
  /** Takes a notice; `false`: the packet is none. */
  readonly take: (packet: Packet) => boolean
}

/** What became of a canary. */
export interface Probed {
  readonly confirm: Confirm | TransportError
  readonly told: ReadonlyArray<Told<"canary">>
}

/** What of a core it stands on. */
export type EnquiriesCore =
  & Pick<CoreShape, "ids" | "instance" | "machine" | "now" | "outbox" | "runFork" | "settings" | "spoken" | "transport">
  & {
    readonly tally: Tally
    readonly works: ReadonlyArray<Work>
    readonly status: () => Status
    /** Processes that were heard lately and are expected to answer. */
    readonly known: () => ReadonlyArray<string>
  }

/** What an answer is made of. */
type Answering = EnquiriesCore & { readonly startedAt: number }

/** Answers that are on their way at a time; whoever asks then hears nothing. */
const mostAnswers = 64

/** So many times the patience is waited at most while answers keep coming in. */
const mostPatience = 3

/** Answers to one enquiry that are heard; beyond it somebody else is talking. */
const mostTold = 10_000

/** An enquiry that nobody took is not worth reading later, ms. */
const expiry = 2_000

interface Waiting {
  readonly askedAt: number
  /** Who is to answer; `undefined`: nobody knows. */
  readonly missing: Set<string> | undefined
  /** Whether one process may answer more than once. */
  readonly isMany: boolean
  readonly told: Array<Told>
  readonly onAnswer: () => void
}

/** The enquiries of one core. */
export const makeEnquiries = (parts: EnquiriesCore): Enquiries => {
  const { instance: self, now, transport } = parts
  const core: Answering = { ...parts, startedAt: now() }
  const asked = new Map<number, Waiting>()
  let numbers = 0
  let answering = 0

  const packetOf = (type: string, body: Uint8Array): Packet => ({
    ...noticePacket(core.ids.next(now()), core.settings.app, now(), expiry, body),
    type,
  })

  const publish = (route: Route, packet: Packet) => Effect.ignore(transport.publish(route, packet))

  const hear = ({ instance, number, answer }: Answered): void => {
    const waiting = asked.get(number)
    if (waiting === undefined || waiting.told.length >= mostTold) return
    // a canary may meet several handlers of one process
    if (!waiting.isMany && waiting.told.some((one) => one.instance === instance)) return
    waiting.told.push({ instance, answer, askedAt: waiting.askedAt, heardAt: now(), isSelf: instance === self })
    waiting.missing?.delete(instance)
    waiting.onAnswer()
  }

  const take = (packet: Packet): boolean => {
    if (packet.type === answerType) {
      const answered = decodeAnswer(packet.body)
      if (answered !== undefined && answered.instance !== self) hear(answered)
      return true
    }
    if (packet.type !== enquiryType) return false
    const enquiry = decodeEnquiry(packet.body)
    if (enquiry === undefined || enquiry.asker === self || answering >= mostAnswers) return true
    reply(enquiry, answer(core, enquiry.question))
    return true
  }

  const reply = ({ asker, number }: Enquiry, answer: Answer): void => {
    const body = encodeAnswer({ instance: self, number, answer })
    if (body === undefined) return
    answering++
    core.runFork(Effect.ensuring(
      publish(routeTo.queue(QueueName.control(asker)), packetOf(answerType, body)),
      Effect.sync(() => answering--),
    ))
  }

  const meet = (delivery: Delivery, handler: string): boolean => {
    if (delivery.packet.type !== canaryType) return false
    core.runFork(Effect.ignore(delivery.settle("ack")))
    const enquiry = decodeEnquiry(delivery.packet.body)
    if (enquiry?.question.kind !== "canary" || answering >= mostAnswers) return true
    const answer: Answer = { kind: "canary", now: now(), handler, queue: delivery.queue }
    if (enquiry.asker !== self) reply(enquiry, answer)
    else hear({ instance: self, number: enquiry.number, answer })
    return true
  }

  const probe: Enquiries["probe"] = (route, enough, patience) =>
    Effect.suspend(() => {
      const number = ++numbers
      const told: Array<Told> = []
      const waiting: Waiting = { askedAt: now(), missing: undefined, isMany: true, told, onAnswer: () => {} }
      const canaries = () => told as ReadonlyArray<Told<"canary">>
      const body = encodeEnquiry({ asker: self, number, question: { kind: "canary" } }) ?? new Uint8Array(0)
      const { expiration: _, ...packet } = packetOf(canaryType, body)
      asked.set(number, waiting)
      return transport.publish(route, packet).pipe(
        Effect.tap(() =>
          Effect.timeoutOption(patience)(Effect.gen(function* () {
            while (!enough(canaries())) yield* Effect.sleep(10)
          }))
        ),
        Effect.timeoutOrElse({
          duration: patience * 2,
          orElse: () => Effect.fail(late(route)),
        }),
        Effect.match({
          onSuccess: (confirm): Probed => ({ confirm, told: canaries() }),
          onFailure: (confirm): Probed => ({ confirm, told: canaries() }),
        }),
        Effect.ensuring(Effect.sync(() => asked.delete(number))),
      )
    })

  const enquire = <Q extends Question>(
    to: ReadonlyArray<string> | "all",
    question: Q,
    { patience = "1 second", quiet = "200 millis", enough = () => false }: EnquiryOptions<Q["kind"]> = {},
  ): Effect.Effect<ReadonlyArray<Told<Q["kind"]>>> =>
    Effect.suspend(() => {
      const askedAt = now()
      const own = (): Told => ({
        instance: self,
        answer: answer(core, question),
        askedAt,
        heardAt: now(),
        isSelf: true,
      })
      const isOwn = to === "all" || to.includes(self)
      const told: Array<Told> = isOwn ? [own()] : []
      const others = to === "all" ? undefined : new Set(to.filter((one) => one !== self))
      const number = ++numbers
      const body = encodeEnquiry({ asker: self, number, question })
      if (!transport.traits.shared || others?.size === 0 || body === undefined) {
        return Effect.succeed(told as ReadonlyArray<Told<Q["kind"]>>)
      }
      const packet = packetOf(enquiryType, body)
      const routes = others === undefined
        ? [routeTo.presence("ask"), routeTo.presenceOfCallers("ask")]
        : [...others].map((one) => routeTo.queue(QueueName.control(one)))
      let last = askedAt
      let isSent = false
      // with "all" those who were heard lately are waited for, as long as there is patience; the others' number is not known
      const known = new Set(others === undefined ? core.known().filter((one) => one !== self) : [])
      const waiting: Waiting = { askedAt, missing: others ?? known, isMany: false, told, onAnswer: () => last = now() }
      asked.set(number, waiting)
      const [wait, pause] = [Duration.toMillis(patience), Duration.toMillis(quiet)]
      const goesOn = (): boolean => {
        const at = now()
        const isQuiet = at - last >= pause
        if (at - askedAt >= (isQuiet ? wait : wait * mostPatience)) return false
        if (enough(told as ReadonlyArray<Told<Q["kind"]>>)) return false
        return !isSent || (others === undefined ? known.size > 0 || !isQuiet : others.size > 0)
      }
      const sending = Effect.forEach(routes, (route) => publish(route, packet), { concurrency: 32, discard: true })
        .pipe(
          Effect.andThen(Effect.sync(() => isSent = true)),
        )
      return Effect.forkChild(sending, { startImmediately: true }).pipe(
        Effect.andThen(Effect.gen(function* () {
          while (goesOn()) yield* Effect.sleep(10)
        })),
        Effect.ensuring(Effect.sync(() => asked.delete(number))),
        Effect.map(() => told as ReadonlyArray<Told<Q["kind"]>>),
      )
    })

  return { enquire, probe, meet, take }
}

/** What this process says. */
const answer = (core: Answering, question: Question): Answer => {
  const now = core.now()
  switch (question.kind) {
    case "ping":
      return { kind: "ping", now }
    case "info":
      return { kind: "info", now, apps: appsOf(core), ...contractsOf(core.spoken) }
    case "stats": {
      const { tally, works, outbox } = core
      const status = core.status()
      return {
        kind: "stats",
        now,
        apps: appsOf(core),
        startedAt: core.startedAt,
        state: status._tag === "Closed" ? "gone" : works.some((work) => work.isDraining()) ? "draining" : "running",
        connection: {
          state: status._tag,
          ...("reason" in status && { reason: status.reason }),
          ...("server" in status && { server: status.server }),
        },
        waiting: outbox.waiting(),
        ...(tally.lastSkew !== undefined && { skew: tally.lastSkew }),
        handlers: works.flatMap((work) => work.handlers()).map((state): HandlerStats => ({
          ...state,
          ...(tally.handlers.get(`${state.app}.${state.name}`) ?? nothing).view(now),
        })),
        sent: [...tally.sent].map(([type, deeds]) => {
          const contract = core.spoken.get(type)
          return deeds.view(type, contract === undefined ? "" : fingerprint(contract), now)
        }),
      }
    }
    case "canary":
      return { kind: "ping", now }
    case "find":
      return { kind: "find", now, sightings: core.tally.recent.find(question.id) }
  }
}

const nothing = new HandlerDeeds()

const late = ({ exchange, key }: Route) =>
  new TransportError({
    operation: "publish",
    target: exchange === "" ? key : exchange,
    reason: new Disconnected({ detail: "the broker did not confirm in time" }),
  })

const appsOf = ({ works, settings }: EnquiriesCore): ReadonlyArray<string> => {
  const apps = works.flatMap(({ apps }) => apps.map(({ app }) => app))
  return apps.length === 0 ? [settings.app] : apps
}

/** As many contracts as fit into an answer. */
const contractsOf = (
  spoken: ReadonlyMap<string, ContractSpec>,
): { readonly contracts: ReadonlyArray<KnownContract>; readonly cut: boolean } => {
  const contracts: Array<KnownContract> = []
  // what stands around them takes little
  let room = enquiryLimits.answer - 4_096
  for (const contract of spoken.values()) {
    const { version } = contract
    const known: KnownContract = { ...memberSchema(contract), version }
    room -= JSON.stringify(known).length * 2
    if (room < 0) return { contracts, cut: true }
    contracts.push(known)
  }
  return { contracts, cut: false }
}
