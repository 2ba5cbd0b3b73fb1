/**
 * Contract drift: processes, or a message and its handler, that know one contract by different schemas.
 *
 * Reads the directory and says each difference once: a contract and two fingerprints, named by the first two processes
 * that show it. It decides nothing: what does not fit is refused where it is decoded.
 */
import type { Directory, Handling } from "./Directory.ts"

/** Two that disagree. */
export interface Drift {
  /** The contract: `sales.quote`. */
  readonly type: string
  readonly one: Handling
  readonly other: Handling
}

/** Differences remembered at most; beyond it they are said no more. */
const most = 1_000

/** Finds what was not said before. */
export class Drifts {
  readonly #directory: Directory
  readonly #said = new Set<string>()

  constructor(directory: Directory) {
    this.#directory = directory
  }

  /** The new differences between what a process handles and what the others do. */
  of(instance: string): ReadonlyArray<Drift> {
    const drifts: Array<Drift> = []
    const apps = this.#directory.get(instance)?.apps ?? []
    for (const subject of new Set(apps.flatMap(({ handlers }) => handlers.filter(hasSchema).map((h) => h.subject)))) {
      if (!this.#directory.isDivided(subject)) continue
      const all = this.#directory.handling(subject).filter(({ handler, instance }) =>
        hasSchema(handler) && (instance.life === "running" || instance.life === "draining")
      )
      for (const one of all.filter((handling) => handling.instance.instance === instance)) {
        for (const other of all) {
          const schemas = [one.handler.schema, other.handler.schema]
          if (schemas[0] !== schemas[1] && this.#isNew(subject, schemas.toSorted())) {
            drifts.push({ type: subject, one: other, other: one })
          }
        }
      }
    }
    return drifts
  }

  /** Whether a message's fingerprint, which is not its handler's, is seen for the first time from that app. */
  isNewMessage(type: string, app: string, written: string, read: string): boolean {
    return this.#isNew(type, [app, written, read])
  }

  #isNew(type: string, between: ReadonlyArray<string>): boolean {
    const key = JSON.stringify([type, ...between])
    if (this.#said.has(key) || this.#said.size >= most) return false
    this.#said.add(key)
    return true
  }
}

const hasSchema = ({ schema }: Handling["handler"]): boolean => schema !== ""

/** A drift in a sentence that names both. */
export const describeDrift = ({ type, one, other }: Drift): string =>
  `"${type}" has two schemas at work: fingerprint ${one.handler.schema} in ${nameOf(one)}, ` +
  `${other.handler.schema} in ${nameOf(other)}; a message that fits one may be refused by the other, ` +
  "until all run one version of the contract"

/** A handler and its process, for people. */
export const nameOf = ({ app, handler, instance }: Handling): string => {
  const { version, host, pid } = instance
  const of = [handler.version === "" ? "" : `contract version ${handler.version}`, version].filter((one) => one !== "")
  return `"${app}.${handler.name}" (${
    [...of, `instance ${instance.instance}`, `host "${host}"`, `pid ${pid}`].join(", ")
  })`
}
