/**
 * The team's ledger, read and rewritten as a stranger could: the few messages of its queue.
 *
 * Set-ups wait for it, since a process that is seconds old is not remembered yet, and put it back by days.
 */
import type { ConfirmChannel, GetMessage } from "amqplib"
import {
  decodeLedger,
  encodeLedger,
  joinLedgers,
  type Ledger,
  type LedgerApp,
  QueueName,
} from "../../../src/wire/mod.ts"
import type { Situation } from "./Situation.ts"
import { Buffer } from "node:buffer"

/** Takes all parts, and joins them. */
const taken = async (channel: ConfirmChannel, each: (part: GetMessage) => void): Promise<Ledger> => {
  const parts: Array<GetMessage> = []
  for (let part = await channel.get(QueueName.ledger); part !== false; part = await channel.get(QueueName.ledger)) {
    parts.push(part)
  }
  parts.forEach(each)
  return parts.reduce((all: Ledger, { content }) => joinLedgers(all, decodeLedger(content), 0), [])
}

/** Waits until it is written down that an app was here, or that it has ended. */
export const remembered = async (at: Situation, app: string, what: "running" | "ended" = "running"): Promise<void> => {
  const { channel, close } = await at.stranger()
  await at.until(`"${app}" is in the ledger (${what})`, async () => {
    if (await at.look(QueueName.ledger) === undefined) return false
    const one = (await taken(channel, (part) => channel.nack(part))).find((each) => each.app === app)
    return one?.instances.some(({ ended }) => what === "running" || ended !== undefined)
  })
  await close()
}

/** Puts back by so many ms whatever is remembered of an app; whoever writes meanwhile has it as it was, so it is looked at again. */
export const longAgo = async (at: Situation, app: string, ms: number): Promise<void> => {
  const { channel, close } = await at.stranger()
  const border = Date.now() - ms / 2
  const earlier = <T extends { readonly seen: number }>(one: T): T =>
    one.seen < border ? one : { ...one, seen: one.seen - ms }
  const back = (one: LedgerApp): LedgerApp => ({
    ...one,
    instances: one.instances.map((each) =>
      each.seen < border ? each : {
        ...earlier(each),
        since: each.since - ms,
        ...(each.ended !== undefined && { ended: each.ended - ms }),
      }
    ),
    handlers: one.handlers.map(earlier),
    sent: one.sent.map(earlier),
  })
  let quiet = 0
  await at.until(`what is remembered of "${app}" is put back`, async () => {
    const parts: Array<GetMessage> = []
    const ledger = await taken(channel, (part) => void parts.push(part))
    const found = ledger.find((one) => one.app === app)
    if (found === undefined || found.instances.every(({ seen }) => seen < border)) {
      for (const part of parts) channel.nack(part)
      await at.pause(100)
      return found !== undefined && ++quiet > 3
    }
    quiet = 0
    const body = encodeLedger(ledger.map((one) => one.app === app ? back(one) : one))
    channel.sendToQueue(QueueName.ledger, Buffer.from(body!), parts[0]!.properties)
    await channel.waitForConfirms()
    for (const part of parts) channel.ack(part)
    return false
  })
  await close()
}
