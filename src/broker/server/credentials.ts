/**
 * Who may connect: what PLAIN and AMQPLAIN say, and whether it is true.
 *
 * Below `Session.ts`. Names and passwords are compared by their digests in constant time, an unknown name as long as a wrong
 * password, so that nothing is learned from how long an answer takes.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import { Cursor } from "../amqp/Cursor.ts"
import { table } from "../amqp/fields.ts"
import { Pen } from "../amqp/Pen.ts"
import { long } from "../amqp/primitives.ts"
import { decodeText } from "../amqp/text.ts"
import { isWireError } from "../amqp/WireError.ts"
import { refused } from "./refusal.ts"

/** A name and a password. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** The mechanisms, as they are offered. */
export const mechanisms = "AMQPLAIN PLAIN"

/** Reads a response; throws what the peer is to be told. */
export const readResponse = (mechanism: string, response: Uint8Array): Credentials => {
  if (mechanism === "PLAIN") return readPlain(response)
  if (mechanism === "AMQPLAIN") return readAmqplain(response)
  throw refused("COMMAND_INVALID", `unknown authentication mechanism '${mechanism}'`)
}

/** Whether somebody of that name has that password. */
export const isKnown = (said: Credentials, users: ReadonlyArray<Credentials>): boolean => {
  const [name, password] = [digest(said.user), digest(said.password)]
  let isFound = false
  for (const user of users) {
    // both, whatever the first one says
    const [isName, isPassword] = [
      timingSafeEqual(name, digest(user.user)),
      timingSafeEqual(password, digest(user.password)),
    ]
    isFound = (isName && isPassword) || isFound
  }
  return isFound
}

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest()

const readPlain = (response: Uint8Array): Credentials => {
  const text = decodeText(response, 0, response.length)
  const parts = text?.split("\0") ?? []
  // an identity to act for, which nobody uses, then the name and the password
  if (parts.length !== 3) throw refused("SYNTAX_ERROR", "the response of mechanism PLAIN is invalid")
  return { user: parts[1]!, password: parts[2]! }
}

const readAmqplain = (response: Uint8Array): Credentials => {
  const invalid = () => refused("SYNTAX_ERROR", "AMQPLAIN auth info in the response is invalid")
  // a table without its length
  const pen = new Pen(4 + response.length)
  long.write(pen, response.length)
  pen.bytes.set(response, pen.at)
  try {
    const fields = table.read(new Cursor(pen.bytes))
    const [user, password] = [fields.get("LOGIN"), fields.get("PASSWORD")]
    if (user?.type !== "longstr" || password?.type !== "longstr") throw invalid()
    if (typeof user.value !== "string" || typeof password.value !== "string") throw invalid()
    return { user: user.value, password: password.value }
  } catch (error) {
    throw isWireError(error) ? invalid() : error
  }
}
