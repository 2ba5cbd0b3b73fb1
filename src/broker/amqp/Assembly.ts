/**
 * Puts the frames of one channel together: a method, and its header and body where it has any.
 *
 * Between `FrameReader.ts` and a session; knows the order of frames and nothing of what they mean. A body gets memory as it
 * arrives, and none beyond its limit: one that announces more is told of at its header, and its frames are skipped, so that
 * the channel can be closed and the connection lives on.
 */
import type { BodyFrame, HeaderFrame, MethodFrame } from "./frames.ts"
import { type ContentMethod, type Method, methods } from "./methods.ts"
import type { Long } from "./primitives.ts"
import { Slab } from "./Slab.ts"
import type { Properties } from "./properties.ts"
import { type WireError, wireError } from "./WireError.ts"

/** A method without content. */
export interface Plain {
  readonly type: "plain"
  readonly method: Method
}

/** A method with its content. */
export interface Content {
  readonly type: "content"
  readonly method: ContentMethod
  readonly properties: Properties
  /** Memory of its own. */
  readonly body: Uint8Array
  /** The bytes of `properties`, where a reader kept them; memory of their own. */
  readonly head?: Uint8Array
}

/** A body that is longer than its limit; RabbitMQ closes the channel with 406. */
export interface TooLarge {
  readonly type: "too-large"
  readonly method: ContentMethod
  readonly size: Long
  readonly limit: number
}

/** Memory for a longer body grows with what has come, bytes. */
const allocatedAtOnce = 64 * 1024

const nothing = new Uint8Array(0)

/** What is awaited. */
type State =
  | { readonly awaits: "method" }
  | { readonly awaits: "header"; readonly method: ContentMethod }
  | { readonly awaits: "body"; readonly of: Omit<Content, "body">; readonly size: number }
  | { readonly awaits: "skipped"; readonly method: ContentMethod; left: bigint }

const awaitsMethod: State = { awaits: "method" }

/** See the top of the file; one for each channel. */
export class Assembly {
  readonly #limit: number
  #state: State = awaitsMethod
  #body: Uint8Array = nothing
  #filled = 0

  /** `limit`: the longest body, bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes of memory that are held for a body on its way. */
  get held(): number {
    return this.#body.length
  }

  /** Takes the next frame of the channel; `undefined`: more are needed. */
  take(frame: MethodFrame | HeaderFrame | BodyFrame): Plain | Content | TooLarge | WireError | undefined {
    switch (this.#state.awaits) {
      case "method":
        return frame.type === "method" ? this.#begin(frame.method) : unexpected("a method", frame)
      case "header":
        return frame.type === "header"
          ? this.#open(this.#state.method, frame)
          : unexpected(`a header for ${this.#state.method.name}`, frame, this.#state.method)
      case "body":
        if (frame.type !== "body") {
          return unexpected(`the body of ${this.#state.of.method.name}`, frame, this.#state.of.method)
        }
        return this.#fill(this.#state, frame)
      case "skipped": {
        const { method } = this.#state
        if (frame.type !== "body") return unexpected(`the body of ${method.name}`, frame, method)
        this.#state.left -= BigInt(frame.body.length)
        if (this.#state.left < 0n) return beyond(method)
        if (this.#state.left === 0n) this.#state = awaitsMethod
        return undefined
      }
    }
  }

  #begin(method: Method): Plain | undefined {
    if (!methods[method.name].hasContent) return { type: "plain", method }
    this.#state = { awaits: "header", method: method as ContentMethod }
    return undefined
  }

  #open(method: ContentMethod, header: HeaderFrame): Content | TooLarge | WireError | undefined {
    const { classId, size, properties } = header
    const { classId: expected, methodId } = methods[method.name]
    if (classId !== expected) {
      const header = `a header for class ${expected}`
      return wireError("UnexpectedFrame", 7, header, `one for class ${classId}`, expected, methodId)
    }
    if (size > this.#limit) {
      this.#state = { awaits: "skipped", method, left: BigInt(size) }
      return { type: "too-large", method, size, limit: this.#limit }
    }
    const of: Omit<Content, "body"> = header.head === undefined
      ? { type: "content", method, properties }
      : { type: "content", method, properties, head: ownCopy(header.head) }
    const whole = Number(size)
    if (whole === 0) {
      this.#state = awaitsMethod
      return { ...of, body: nothing }
    }
    this.#state = { awaits: "body", of, size: whole }
    return undefined
  }

  #fill({ of, size }: State & { awaits: "body" }, { body, isOwn }: BodyFrame): Content | WireError | undefined {
    const filled = this.#filled + body.length
    if (filled > size) return beyond(of.method)
    if (body.length === size) return this.#end(of, isOwn ? body : ownCopy(body))
    if (this.#body.length < filled) {
      const room = Math.min(size, Math.max(allocatedAtOnce, filled, 2 * this.#filled))
      const grown = new Uint8Array(room)
      grown.set(this.#body.subarray(0, this.#filled))
      this.#body = grown
    }
    this.#body.set(body, this.#filled)
    this.#filled = filled
    return filled === size ? this.#end(of, this.#body) : undefined
  }

  #end(of: Omit<Content, "body">, body: Uint8Array): Content {
    this.#state = awaitsMethod
    this.#body = nothing
    this.#filled = 0
    return { ...of, body }
  }
}

/** Bodies this short share memory with few others: memory of one's own costs more than all else that is done for them. */
const shortBody = 2048

const bodies = new Slab(8 * 1024)

const ownCopy = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length > shortBody) return bytes.slice()
  const copy = bodies.take(bytes.length)
  copy.set(bytes)
  return copy
}

const unexpected = (expected: string, { type }: { readonly type: string }, method?: Method): WireError => {
  const { classId, methodId } = method === undefined ? { classId: 0, methodId: 0 } : methods[method.name]
  return wireError("UnexpectedFrame", 0, expected, `a ${type} frame`, classId, methodId)
}

const beyond = ({ name }: ContentMethod): WireError => {
  const { classId, methodId } = methods[name]
  return wireError("UnexpectedFrame", 7, `no more than the announced body of ${name}`, "more", classId, methodId)
}
