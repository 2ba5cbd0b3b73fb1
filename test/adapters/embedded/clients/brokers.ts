/**
 * The brokers that clients of other people are tried on: the embedded one, and RabbitMQ where there is one.
 *
 * What a client does is written once and must hold on both. An error inside the embedded broker fails the file.
 */
import { afterAll, beforeAll, describe, type TestOptions } from "#test"
import assert from "node:assert/strict"
import process from "node:process"
import { type Embedded, startEmbedded } from "../../../../scripts/differential/embedded.ts"
import { rabbit, skip } from "../../../support/rabbit.ts"

/** One broker in a group of tests. */
export interface Broker {
  readonly url: () => string
  /** For each test. */
  readonly options: TestOptions
}

/**
 * Declares a group of tests for each broker; `missing`: what they would need and is not there, which is a failure where
 * everything is meant to be there; `elsewhere`: why they are not for here.
 */
export const onEachBroker = (
  client: string,
  declare: (broker: Broker) => void,
  { missing, elsewhere }: { readonly missing?: string | undefined; readonly elsewhere?: string | undefined } = {},
): void => {
  const absent = elsewhere ?? (process.env["CI"] === "true" ? undefined : missing)
  describe(`${client} with the embedded broker`, () => {
    let embedded: Embedded | undefined
    const defects: Array<unknown> = []
    beforeAll(async () => {
      if (absent === undefined) embedded = await startEmbedded((defect) => defects.push(defect))
    })
    afterAll(async () => {
      await embedded?.stop()
      assert.deepEqual(defects, [])
    })
    declare({
      url: () => embedded?.url ?? "",
      options: { timeout: 60_000, ...(absent === undefined ? {} : { skip: absent }) },
    })
  })
  describe(`${client} with RabbitMQ`, () => {
    const why = absent ?? skip
    const url = rabbit({ isWanted: why === undefined })
    declare({ url, options: { timeout: 60_000, ...(why === undefined ? {} : { skip: why }) } })
  })
}

/** A name that nobody else has. */
export const fresh = (what: string): string => `${what}-${crypto.randomUUID().slice(0, 8)}`
