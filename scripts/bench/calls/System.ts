/**
 * What every system of the calls bench is: servers that echo, and callers that ask them.
 *
 * Below the files of this folder, each one system, and `member.ts`, which runs one of the two parts in a process.
 */
import { type Order, order } from "../amqpCase.ts"

/** How a system is run. */
export interface SystemOptions {
  /** Where the broker is; systems without one ignore it. */
  readonly broker: string
  /** Encrypted, where the system can be. */
  readonly curve: boolean
  /** Bytes of the payload. */
  readonly bytes: number
  /** Servers, or callers, in this process. */
  readonly members: number
}

/** Asks once; resolves when the answer is there, and fails when it is not what was sent. */
export type Call = () => Promise<unknown>

/** One way to call. */
export interface System {
  /** Starts a server; says what callers have to know. */
  readonly serve: (options: SystemOptions) => Promise<string>
  /** Connects one caller to the servers at these addresses, one or more, which it asks in turn. */
  readonly connect: (addresses: ReadonlyArray<string>, options: SystemOptions) => Promise<Call>
}

/** A payload of so many bytes. */
export const bytesOf = (length: number): Uint8Array => new Uint8Array(length).fill(110)

/** An order whose JSON has so many bytes, or as few as an order can have; a new object each time. */
export const ordersOf = (length: number): () => Order => {
  const bare = { ...order(), note: "" }
  const note = "n".repeat(Math.max(0, length - JSON.stringify(bare).length))
  return () => ({ ...bare, note })
}

/** Whether an answer is what was asked, by its longest part. */
export const checkOrder = (answer: Order, asked: Order): void => {
  if (answer.note.length !== asked.note.length) throw new Error("Another answer came than was sent")
}

/** One that asks each in turn. */
export const inTurn = (calls: ReadonlyArray<Call>): Call => {
  if (calls.length === 1) return calls[0]!
  let next = 0
  return () => calls[next++ % calls.length]!()
}

/** Answers in the order of the questions, for systems whose connection keeps it. */
export class Answers {
  readonly #waiting: Array<(answer: Uint8Array) => void> = []
  readonly #bytes: number
  #head = 0

  /** `bytes`: how long each answer is. */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Waits for the next answer. */
  next(): Promise<Uint8Array> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The next answer is there. */
  answer(answer: Uint8Array): void {
    if (answer.length !== this.#bytes) {
      throw new Error(`An answer has ${answer.length} bytes; expected ${this.#bytes}`)
    }
    this.#waiting[this.#head++]!(answer)
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0
      this.#head = 0
    }
  }
}
