/**
 * The file that says where the broker of a folder is, and with which password one connects.
 *
 * Below `Embedded.ts`. Written by whoever hosts the broker, whole or not at all, for its user alone; it stays when that process
 * ends, so that the next one is found at the same place with the same password. A file that cannot be read counts as none.
 */
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { randomBytes } from "node:crypto"
import process from "node:process"
import { Effect, Option, Redacted, Schema } from "effect"
import { FolderError } from "./FolderError.ts"
import type { DataFolder } from "./DataFolder.ts"

const File = Schema.Struct({
  v: Schema.Literal(1),
  /** Names the folder's broker, whoever hosts it. */
  broker: Schema.String,
  /** Names the process's turn at it. */
  instance: Schema.String,
  pid: Schema.Number,
  host: Schema.String,
  port: Schema.Number,
  user: Schema.String,
  password: Schema.String,
  /** It keeps nothing, and neither does who takes it over. */
  isEphemeral: Schema.optionalKey(Schema.Boolean),
})

/** Where the broker is. */
export interface BrokerAddress extends Omit<typeof File.Type, "v" | "password"> {
  readonly password: Redacted.Redacted<string>
}

/** Bytes at most. */
const most = 65_536

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(File))

/** What the file says; `undefined`: nothing. */
export const readAddress = ({ address }: DataFolder): Effect.Effect<BrokerAddress | undefined> =>
  Effect.sync(() => {
    try {
      const stat = lstatSync(address)
      if (!stat.isFile() || stat.size > most) return undefined
      const file = Option.getOrUndefined(decode(readFileSync(address, "utf8")))
      if (file === undefined) return undefined
      const { v: _, password, ...rest } = file
      return { ...rest, password: Redacted.make(password, { label: "password" }) }
    } catch {
      return undefined
    }
  })

/** Writes it. */
export const writeAddress = (folder: DataFolder, address: BrokerAddress): Effect.Effect<void, FolderError> =>
  Effect.try({
    try: () => {
      const content: typeof File.Type = { v: 1, ...address, password: Redacted.value(address.password) }
      const draft = `${folder.address}.${process.pid}`
      rmSync(draft, { force: true })
      writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: "wx" })
      renameSync(draft, folder.address)
    },
    catch: (error) =>
      new FolderError({
        folder: folder.path,
        reason: "unwritable",
        detail: `its address cannot be written (${error instanceof Error ? error.message : error})`,
      }),
  })

/** A password that nobody guesses, or another such word. */
export const randomWord = (bytes = 24): string => randomBytes(bytes).toString("base64url")

/** How a client is told. */
export const urlOf = ({ host, port, user, password }: BrokerAddress): Redacted.Redacted<string> => {
  const name = host.includes(":") ? `[${host}]` : host
  const secret = encodeURIComponent(Redacted.value(password))
  return Redacted.make(`amqp://${encodeURIComponent(user)}:${secret}@${name}:${port}`)
}
