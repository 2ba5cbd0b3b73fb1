/**
 * What the log is told of connections that the embedded broker ended for what their peers did.
 *
 * Below `hostBroker.ts`. A peer decides neither how long a line is, nor what is in it besides letters, nor how many there are.
 */
import type { Complaint } from "../../src/broker/mod.ts"

/** How complaints are written. */
export interface ComplaintsOptions {
  /** Who may connect, and how that is known, as the end of a sentence. */
  readonly remedy: string
  /** The time of day, ms. */
  readonly now: () => number
  readonly write: (line: string) => void
}

/** So many lines in so long, ms; the others are counted. */
const most = { lines: 10, time: 60_000 } as const

/** Characters of what a peer says at most. */
const longest = 300

/** Makes what writes them. */
export const makeComplaints = ({ remedy, now, write }: ComplaintsOptions): (complaint: Complaint) => void => {
  let since = now()
  let lines = 0
  let untold = 0
  return (complaint) => {
    if (now() - since >= most.time) {
      since = now()
      lines = 0
    }
    if (++lines > most.lines) return void untold++
    const more = untold === 0 ? "" : ` (before it, ${untold} more ended that are not written here)`
    untold = 0
    write(`${sentence(complaint, remedy)}${more}`)
  }
}

const sentence = ({ origin: { host, port }, user, reason, detail }: Complaint, remedy: string): string => {
  const at = `${host.includes(":") ? `[${host}]` : host}:${port}`
  const who = user === "" ? `a client at ${at}` : `"${plain(user)}" at ${at}`
  return reason === "login"
    ? `Refused ${who}: the user or the password is wrong; ${remedy}`
    : `Ended the connection of ${who}: ${plain(detail)}`
}

/** On one line, without what a terminal would obey. */
const plain = (text: string): string =>
  text.slice(0, longest).replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u${letter.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  )
