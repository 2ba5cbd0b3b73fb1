/**
 * Enquiries on the wire: one process asks another, or all of them, what it is doing; each answers the asker alone.
 *
 * Two notices, JSON bodies of types `warren.enquiry` and `warren.answer`, never persistent. An enquiry goes to one process's
 * control queue, or to all of them with the keys of presence's `ask`; the answer goes to the asker's control queue.
 * Pure. Reading never fails and never believes more than its limits: any AMQP client may have written the bytes.
 */
import { Schema } from "effect"
import { readNotice, writeNotice } from "./notice.ts"

/** The type of an enquiry. */
export const enquiryType = "warren.enquiry"
/** The type of an answer. */
export const answerType = "warren.answer"
/**
 * The type of a canary: an enquiry that goes the way of an event or a call, to whoever handles it. It is acked at once and
 * answered like any enquiry; no handler runs.
 */
export const canaryType = "warren.canary"

/** Bytes of an answer at most, and of an enquiry. */
export const enquiryLimits = { answer: 1_048_576, enquiry: 4_096 } as const

const Text = Schema.String
const Figure = Schema.Finite
const maybe = <S extends Schema.Top>(schema: S) => Schema.optionalKey(schema)

/** What may be asked: whether it is there, what it is, what it has done, what became of one message. */
export const Question = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("ping") }),
  Schema.Struct({ kind: Schema.Literal("info") }),
  Schema.Struct({ kind: Schema.Literal("stats") }),
  Schema.Struct({ kind: Schema.Literal("find"), id: Text }),
  /** Asked along a message's own way, never on a control queue. */
  Schema.Struct({ kind: Schema.Literal("canary") }),
])

/** See {@link Question}. */
export type Question = typeof Question.Type

/** Something that went wrong once: when (ms since the epoch), with which message, why. */
const Mishap = Schema.Struct({
  at: Figure,
  id: Text,
  error: Text,
  /** What kind of thing it was: an error's tag, or why it was skipped. */
  tag: maybe(Text),
  attempt: maybe(Figure),
  /** ms until the next try. */
  delay: maybe(Figure),
})

/** See {@link HandlerStats}. */
export type Mishap = typeof Mishap.Type

/** Durations in ms over the last few hundred, and how many a second over the last ten seconds. */
const Recent = Schema.Struct({ count: Figure, p50: Figure, p99: Figure, perSecond: Figure })

/** One handler and what it has done since its process began. Times are ms since the epoch on that process's clock. */
export const HandlerStats = Schema.Struct({
  app: Text,
  name: Text,
  kind: Schema.Literals(["call", "listener", "schedule"]),
  subject: Text,
  queue: Text,
  /** The fingerprint it reads with; `""`: it has none. */
  schema: Text,
  /** Whether the broker holds its consumer. */
  held: Schema.Boolean,
  /** Why it does not. */
  heldError: maybe(Text),
  concurrency: Figure,
  prefetch: Figure,
  /** Deliveries not settled. */
  inHand: Figure,
  /** At work: how many, and how long the one that began first has been, ms. */
  running: Figure,
  oldest: maybe(Figure),
  oldestId: maybe(Text),
  /** Keys that stand still since their message has used up its tries. */
  halted: Figure,
  handled: Figure,
  failed: Figure,
  retried: Figure,
  dead: Figure,
  skipped: Figure,
  returned: Figure,
  recent: Recent,
  lastStarted: maybe(Figure),
  lastHandled: maybe(Figure),
  lastFailed: maybe(Mishap),
  lastRetry: maybe(Mishap),
  lastDead: maybe(Mishap),
  lastSkipped: maybe(Mishap),
  lastHalted: maybe(Mishap),
})

/** See {@link HandlerStats}. */
export type HandlerStats = typeof HandlerStats.Type

/** Events of one type that a process has emitted, or calls that it has made. */
export const SentStats = Schema.Struct({
  type: Text,
  kind: Schema.Literals(["event", "call"]),
  schema: Text,
  /** Which apps of the process sent it; absent: it does not say. */
  apps: maybe(Schema.Array(Text)),
  /** Confirmed and in at least one queue; answered. */
  done: Figure,
  /** Confirmed, and no queue wanted it. */
  unheard: Figure,
  /** Not confirmed; refused. */
  failed: Figure,
  recent: Recent,
  lastDone: maybe(Figure),
  lastUnheard: maybe(Figure),
  lastFailed: maybe(Mishap),
})

/** See {@link SentStats}. */
export type SentStats = typeof SentStats.Type

/** A contract that a process knows, as JSON Schema. */
export const KnownContract = Schema.Struct({
  type: Text,
  kind: Schema.Literals(["event", "call"]),
  fingerprint: Text,
  version: Text,
  payload: Schema.Unknown,
  returns: maybe(Schema.Unknown),
  fails: maybe(Schema.Unknown),
  idempotent: maybe(Schema.Boolean),
  exposed: maybe(Schema.Boolean),
})

/** See {@link KnownContract}. */
export type KnownContract = typeof KnownContract.Type

/** Something that happened to one message. */
const Trace = Schema.Struct({
  fact: Text,
  at: Figure,
  type: maybe(Text),
  handler: maybe(Text),
  error: maybe(Text),
})

/** See {@link Answer}. */
export type Sighting = typeof Trace.Type

/** What is answered, by the question's kind. */
export const Answer = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("ping"), now: Figure }),
  Schema.Struct({
    kind: Schema.Literal("info"),
    now: Figure,
    apps: Schema.Array(Text),
    /** Contracts of its handlers, and of what it has sent. */
    contracts: Schema.Array(KnownContract),
    /** Whether some were left out for want of room. */
    cut: Schema.Boolean,
  }),
  Schema.Struct({
    kind: Schema.Literal("stats"),
    now: Figure,
    /** The apps it hosts; of a process that hosts none, the one it speaks for. */
    apps: Schema.Array(Text),
    startedAt: Figure,
    state: Text,
    connection: Schema.Struct({ state: Text, reason: maybe(Text), server: maybe(Text) }),
    /** Messages that wait here for the broker to take them. */
    waiting: Figure,
    /** The last sign that a peer's clock differs, ms. */
    skew: maybe(Schema.Struct({ at: Figure, ms: Figure, type: Text, id: Text })),
    handlers: Schema.Array(HandlerStats),
    sent: Schema.Array(SentStats),
  }),
  Schema.Struct({ kind: Schema.Literal("find"), now: Figure, sightings: Schema.Array(Trace) }),
  Schema.Struct({ kind: Schema.Literal("canary"), now: Figure, handler: Text, queue: Text }),
])

/** See {@link Answer}. */
export type Answer = typeof Answer.Type

/** An answer to one kind of question. */
export type AnswerTo<K extends Question["kind"]> = Extract<Answer, { readonly kind: K }>

/** An enquiry: who asks, under which number, what. */
const Enquiry = Schema.Struct({ v: Schema.Literal(1), asker: Text, number: Figure, question: Question })

/** See {@link encodeEnquiry}. */
export type Enquiry = Omit<typeof Enquiry.Type, "v">

/** What one process answered to which number. */
const Answered = Schema.Struct({ v: Schema.Literal(1), instance: Text, number: Figure, answer: Answer })

/** See {@link encodeAnswer}. */
export type Answered = Omit<typeof Answered.Type, "v">

/** The body of an enquiry; `undefined`: it is too long. */
export const encodeEnquiry = (enquiry: Enquiry): Uint8Array | undefined => writeNotice(enquiry, enquiryLimits.enquiry)

/** The enquiry in a body; `undefined` for anything else. */
export const decodeEnquiry = (body: Uint8Array): Enquiry | undefined =>
  readNotice(readEnquiry, body, enquiryLimits.enquiry)

/** The body of an answer; `undefined`: it is too long. */
export const encodeAnswer = (answered: Answered): Uint8Array | undefined => writeNotice(answered, enquiryLimits.answer)

/** The answer in a body; `undefined` for anything else. */
export const decodeAnswer = (body: Uint8Array): Answered | undefined =>
  readNotice(readAnswered, body, enquiryLimits.answer)

const readEnquiry = Schema.decodeUnknownOption(Enquiry)
const readAnswered = Schema.decodeUnknownOption(Answered)
