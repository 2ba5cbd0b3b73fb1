/**
 * The roll: who is there, asked for by a newcomer and told as a whole by one of those who know.
 *
 * Below `Presence`, which keeps the directory; above the transport. If each newcomer to a crowd asked everybody, and everybody
 * answered, a thousand that start together would send millions. So in a crowd its eldest consume one queue together, and a
 * question there is answered by one of them with what its directory holds. Where that queue leads to nobody, which is
 * so in every small team, or nothing is told in time, everybody is asked.
 */
import { Effect, Exit, Scope } from "effect"
import type { Delivery, Packet, Route, TransportError } from "../transport/mod.ts"
import {
  decodeNotice,
  directoryTopology,
  encodeTold,
  type Hearsay,
  type Notice,
  QueueName,
  routeTo,
  type Told,
} from "../wire/mod.ts"
import { keepConsuming } from "./consume.ts"
import type { CoreShape } from "./Core.ts"
import { crowd } from "./crowd.ts"
import type { Directory } from "./Directory.ts"

/** See the top of the file. */
export interface Roll {
  /** Asks who handles something; with `callers`, who does not. Returns once the question is on its way. */
  readonly ask: (callers: boolean) => Effect.Effect<void>
  /** Takes what another process tells. */
  readonly take: (told: Told) => void
  /** Tells one process all that is known now: it asked, and whatever was said before that has been read. */
  readonly answer: (asker: string, callers: boolean) => void
  /** Whether a process that handles something and is not known is not there. */
  readonly isKnown: () => boolean
  /** The connection is lost: who comes meanwhile is not heard. */
  readonly lost: () => void
  /** Tells others, whenever it is one of the eldest of a crowd, until the scope closes. */
  readonly start: Effect.Effect<void, never, Scope.Scope>
}

/** What a roll stands on. */
export interface RollParts {
  readonly core: Pick<CoreShape, "instance" | "now" | "runFork" | "settings" | "transport">
  readonly directory: Directory
  /** A question, or one that is passed on, as a packet that lives so long, ms. */
  readonly notice: (said: Extract<Notice, { readonly kind: "ask" | "tell" }>, expiration: number) => Packet
  /** A part of what is told, as a packet that lives so long, ms. */
  readonly telling: (part: Uint8Array, expiration: number) => Packet
  /** Whether this process handles something, is connected, and is not on its way out. */
  readonly mayTell: () => boolean
  /** Hears of those that handle nothing, too. */
  readonly watch: Effect.Effect<void, TransportError>
  /** Told of each process that another one tells of. */
  readonly onHearsay: (hearsay: Hearsay) => void
}

/** So many of them tell: enough that some are always there, few enough that the rest need not be told of it. */
const tellers = 30

/** So long after everybody was asked, nobody seen means that nobody is there, ms. */
const settled = 1_000

/** A question to everybody lives so long, ms; what is told of a crowd that has just started may take longer. */
const questionLife = 5_000
const patience = 15_000

/** Questions in hand at a time. */
const mostUnderway = 20

/** The roll of one process; it tells nobody before `start`. */
export const makeRoll = ({ core, directory, mayTell, notice, onHearsay, telling, watch }: RollParts): Roll => {
  const { instance: self, now, runFork, transport } = core
  /** Since when nobody seen means that nobody is there; `undefined`: not yet. */
  let knownFrom: number | undefined
  /** Whether it ever was so: what it then knows, and has heard since, others may be told. */
  let isSteeped = false
  /** Questions that one process is to answer. */
  const open: Record<"callers" | "handlers", symbol | undefined> = { callers: undefined, handlers: undefined }

  const know = (from: number): void => {
    knownFrom = from
    isSteeped = true
  }

  const askAt = (route: Route, callers: boolean, expiration: number) =>
    transport.publish(route, notice({ kind: "ask", instance: self, ...(callers && { callers }) }, expiration))

  const askEverybody = (callers: boolean) =>
    Effect.andThen(
      Effect.ignore(askAt(callers ? routeTo.presenceOfCallers("ask") : routeTo.presence("ask"), callers, questionLife)),
      Effect.sync(() => {
        if (!callers) know(now() + settled)
      }),
    )

  const ask = (callers: boolean): Effect.Effect<void> =>
    Effect.suspend(() => {
      const which = callers ? "callers" : "handlers"
      const question = open[which] = Symbol()
      const later = Effect.sleep(patience).pipe(
        Effect.andThen(Effect.suspend(() => {
          if (open[which] !== question) return Effect.void
          open[which] = undefined
          return askEverybody(callers)
        })),
      )
      return askAt(routeTo.queue(QueueName.directory), callers, patience).pipe(
        Effect.orElseSucceed(() => "unroutable" as const),
        Effect.flatMap((confirm) => {
          if (confirm === "routed") return Effect.sync(() => void runFork(later))
          open[which] = undefined
          return askEverybody(callers)
        }),
      )
    })

  const tellAll = (asker: string, callers: boolean): Effect.Effect<void> =>
    Effect.forEach(
      encodeTold(self, callers, directory.hearsay(callers)),
      (part) => Effect.ignore(transport.publish(routeTo.queue(QueueName.control(asker)), telling(part, patience))),
      { discard: true },
    )

  /** What is to be done when a question has come back from this process's own queue. */
  const underway = new Map<string, Effect.Effect<void>>()

  // what was announced before the question was asked may still lie in this process's own queue: the question goes behind it
  const deliver = ({ packet: { body }, settle }: Delivery): void => {
    const said = decodeNotice(body)
    const done = Effect.ignore(settle("ack"))
    if (said?.kind !== "ask") return void runFork(done)
    const { callers = false, instance } = said
    const key = `${instance} ${callers}`
    underway.set(key, done)
    runFork(
      transport.publish(routeTo.queue(QueueName.control(self)), notice({ kind: "tell", instance, callers }, patience))
        .pipe(
          Effect.catch(() => Effect.andThen(Effect.sync(() => underway.delete(key)), done)),
        ),
    )
  }

  const tell = Effect.gen(function* () {
    yield* watch
    yield* transport.declare(directoryTopology)
    yield* keepConsuming({ transport, runFork }, {
      queue: QueueName.directory,
      topology: directoryTopology,
      prefetch: mostUnderway,
      deliver,
    })
  })

  const isTeller = (): boolean =>
    isSteeped && mayTell() && directory.servers() >= crowd && directory.older(tellers) < tellers

  return {
    ask,
    take: ({ callers, heard, left }) => {
      for (const hearsay of heard) onHearsay(hearsay)
      if (left > 0) return
      open[callers ? "callers" : "handlers"] = undefined
      if (!callers) know(now())
    },
    answer: (asker, callers) => {
      const key = `${asker} ${callers}`
      const done = underway.get(key) ?? Effect.void
      underway.delete(key)
      if (isSteeped) runFork(Effect.andThen(tellAll(asker, callers), done))
    },
    isKnown: () => knownFrom !== undefined && now() >= knownFrom,
    lost: () => {
      knownFrom = undefined
      // the questions go back, to whoever consumes them next
      underway.clear()
    },
    start: Effect.gen(function* () {
      const outer = yield* Effect.scope
      let held: Scope.Closeable | undefined
      const consider = Effect.gen(function* () {
        if (isTeller() === (held !== undefined)) return
        if (held !== undefined) {
          const scope = held
          held = undefined
          return yield* Scope.close(scope, Exit.void)
        }
        const scope = yield* Scope.fork(outer)
        // without it there are others, and who is not told asks everybody
        const isTelling = yield* tell.pipe(
          Scope.provide(scope),
          Effect.as(true),
          Effect.catch(() => Effect.as(Scope.close(scope, Exit.void), false)),
        )
        if (isTelling) held = scope
      })
      yield* Effect.sleep(core.settings.heartbeat).pipe(
        Effect.andThen(consider),
        Effect.forever,
        Effect.forkScoped,
      )
    }),
  }
}
