/**
 * The engine's journal and the server's durability: notes what changes, and who waits for it to be on disk.
 *
 * Above `Changes.ts`; below `Store.ts`, which says when to write and gives it the writer. Synchronous; starts nothing. Where a group
 * cannot be written, whoever waits for it is told that it is not stored, and so is whoever asks until one can be.
 */
import type {
  Binding,
  Durability,
  Entry,
  ExchangeBinding,
  ExchangeSpec,
  Journal,
  Loaded,
  QueueSpec,
} from "../../../src/broker/mod.ts"
import type { SqliteError } from "../../runtime/mod.ts"
import { Changes, type Form, type Group } from "./Changes.ts"
import type { LoadedEntry } from "./load.ts"
import { toText } from "./text.ts"

/** Options of a {@link Recorder}. */
export interface RecorderOptions<P> {
  readonly form: Form<P>
  readonly loaded: Loaded<P> & { readonly messages: ReadonlyArray<LoadedEntry<P>> }
  /** Brings a group to the disk, all of it or nothing; throws a {@link SqliteError}. */
  readonly write: (group: Group) => void
  /** Told that there is something to write. */
  readonly onWork: () => void
}

/** Whoever waits for the disk. */
interface Waiter {
  readonly count: number
  readonly then: (isStored: boolean) => void
}

/** See the top of the file. */
export class Recorder<P> implements Journal<P>, Durability {
  readonly #form: Form<P>
  readonly #bring: (group: Group) => void
  readonly #onWork: () => void
  readonly #changes: Changes<P>
  /** Queues that keep everything, and count what comes back. */
  readonly #quorum = new Set<string>()
  #recorded = 0
  #stored = 0
  #waiters: Array<Waiter> = []
  #trouble: SqliteError | undefined

  constructor({ form, loaded, write, onWork }: RecorderOptions<P>) {
    this.#form = form
    this.#bring = write
    this.#onWork = onWork
    this.#changes = new Changes(form)
    for (const spec of loaded.queues) this.#note(spec)
    for (const entry of loaded.messages) this.#changes.loaded(entry, entry.content)
    this.#changes.loadedAll()
  }

  /** Why the disk took nothing the last time; `undefined`: it did. */
  get trouble(): SqliteError | undefined {
    return this.#trouble
  }

  /** Messages that are kept. */
  get size(): number {
    return this.#changes.size
  }

  /** Writes everything; says why it could not. */
  flush(): SqliteError | undefined {
    try {
      this.#write()
      this.#trouble = undefined
      this.#tell((count) => count <= this.#stored ? true : undefined)
    } catch (error) {
      this.#trouble = error as SqliteError
      this.#tell((count) => count <= this.#stored)
    }
    return this.#trouble
  }

  recorded(): number {
    return this.#recorded
  }

  whenStored(count: number, then: (isStored: boolean) => void): void {
    if (count <= this.#stored) then(true)
    else if (this.#trouble !== undefined) then(false)
    else this.#waiters.push({ count, then })
  }

  exchangeDeclared(spec: ExchangeSpec): void {
    this.#changes.declared("exchange", spec.name, spec)
    this.#changed()
  }

  exchangeDeleted(name: string): void {
    this.#changes.gone("exchange", name)
    this.#changed()
  }

  queueDeclared(spec: QueueSpec): void {
    this.#note(spec)
    this.#changes.declared("queue", spec.name, spec)
    this.#changed()
  }

  queueDeleted(name: string): void {
    this.#quorum.delete(name)
    this.#changes.emptied(name)
    this.#changes.gone("queue", name)
    this.#changed()
  }

  bound(binding: Binding | ExchangeBinding): void {
    this.#changes.declared("binding", toText(plain(binding)), plain(binding))
    this.#changed()
  }

  unbound(binding: Binding | ExchangeBinding): void {
    this.#changes.gone("binding", toText(plain(binding)))
    this.#changed()
  }

  entered(entry: Entry<P>): boolean {
    if (!this.#quorum.has(entry.queue) && !this.#form.isPersistent(entry.packet)) return false
    this.#changes.entered(entry)
    this.#changed()
    return true
  }

  handed(queue: string, id: number): void {
    const returns = this.#changes.returnsOf(queue, id)
    if (returns === undefined) return
    this.#changes.mark(queue, id, true, this.#quorum.has(queue) ? returns + 1 : returns)
    this.#changed()
  }

  returned(queue: string, id: number, returns: number): void {
    this.#changes.mark(queue, id, true, returns)
    this.#changed()
  }

  left(queue: string, id: number): void {
    this.#changes.left(queue, id)
    this.#changed()
  }

  #note({ name, type }: QueueSpec): void {
    if (type === "quorum") this.#quorum.add(name)
  }

  #changed(): void {
    if (this.#recorded++ === this.#stored) this.#onWork()
  }

  #write(): void {
    if (!this.#changes.isEmpty) {
      this.#bring(this.#changes.next())
      this.#changes.written()
    }
    this.#stored = this.#recorded
  }

  /** Tells those whose fate is known; `undefined`: it is not. */
  #tell(fate: (count: number) => boolean | undefined): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) {
      const isStored = fate(waiter.count)
      if (isStored === undefined) this.#waiters.push(waiter)
      else waiter.then(isStored)
    }
  }
}

/** No arguments are none, however that is said. */
const plain = ({ arguments: args, ...binding }: Binding | ExchangeBinding): Binding | ExchangeBinding =>
  args === undefined || args.size === 0 ? binding : { ...binding, arguments: args }
