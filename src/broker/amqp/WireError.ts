/**
 * What is wrong with bytes that a peer sent, and the reply code that follows from it.
 *
 * A plain value and no `Error`: whoever reads frames returns it, and whoever owns the connection closes it with the code.
 * Inside this folder it is thrown, from the depth of a table up to the door that was called; it never leaves a door so.
 * Each code is the one RabbitMQ answers with; where RabbitMQ drops the connection without a word, it is the specification's.
 */

/** Reply codes of the specification for what is wrong with bytes; 0: no code is sent, the protocol header is. */
export const replyCodes = {
  /** The first eight bytes are those of neither AMQP 0-9-1 nor 0-9: answer with `protocolHeader` and close. */
  VersionRefused: 0,
  /** A frame, or the arguments of a method, do not have the form they must have. */
  FrameError: 501,
  /** A value inside a table or inside the properties cannot be read, or a text is not UTF-8. */
  SyntaxError: 502,
  /** There is no such method. */
  CommandInvalid: 503,
  /** The frame is well, and nobody waits for one of its kind. */
  UnexpectedFrame: 505,
  /** The method is known, and not done here. */
  NotImplemented: 540,
} as const

/** The kinds of what can be wrong. */
export type WireErrorTag = keyof typeof replyCodes

/** One of them. */
export class WrongBytes<Tag extends WireErrorTag> {
  readonly _tag: Tag
  /** The reply code to close the connection with. */
  readonly code: typeof replyCodes[Tag]
  /** Where, in bytes from the beginning of its frame. */
  readonly offset: number
  /** What would have been right. */
  readonly expected: string
  /** What is there instead. */
  readonly found: string
  /** The class and the method it is about, for `connection.close`; zeros: none. */
  readonly classId: number
  readonly methodId: number

  constructor(tag: Tag, offset: number, expected: string, found: string, classId = 0, methodId = 0) {
    this._tag = tag
    this.code = replyCodes[tag]
    this.offset = offset
    this.expected = expected
    this.found = found
    this.classId = classId
    this.methodId = methodId
  }

  /** One line for the reply text and for logs. */
  get message(): string {
    return `Expected ${this.expected} at byte ${this.offset} of the frame, found ${this.found}`
  }
}

/** Anything that can be wrong with bytes; tell them apart by `_tag`. */
export type WireError = { readonly [Tag in WireErrorTag]: WrongBytes<Tag> }[WireErrorTag]

/** Makes one. */
export const wireError = (
  tag: WireErrorTag,
  offset: number,
  expected: string,
  found: string,
  classId?: number,
  methodId?: number,
): WireError => new WrongBytes(tag, offset, expected, found, classId, methodId) as WireError

/** Whether a value is one. */
export const isWireError = (value: unknown): value is WireError => value instanceof WrongBytes
