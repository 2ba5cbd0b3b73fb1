/**
 * RabbitMQ for the tests of one file: started before the first of them and stopped after the last, or the one that
 * `WARREN_TEST_BROKER` names; with `none` there is none, and the tests that need it are skipped.
 */
import { afterAll, beforeAll } from "#test"
import process from "node:process"
import { testBroker } from "../../scripts/rabbitmq.ts"

/** Why tests that need a broker are skipped; `undefined`: they are not. */
export const skip: string | undefined = process.env["WARREN_TEST_BROKER"] === "none"
  ? "WARREN_TEST_BROKER is none"
  : undefined

/** What else a file has. */
export interface Around {
  /** Whether there is to be a broker. @default true */
  readonly isWanted?: boolean
  /** Once there is one, before the first test. @default nothing */
  readonly started?: (url: string) => Promise<void>
  /** Before it ends, after the last test. @default nothing */
  readonly stopping?: () => Promise<void>
}

/** Where the broker is; `""`: there is none (yet). Call it once, where the file's tests are described. */
export const rabbit = ({ isWanted = true, started, stopping }: Around = {}): () => string => {
  let broker: Awaited<ReturnType<typeof testBroker>>
  beforeAll(async () => {
    if (isWanted) broker = await testBroker()
    if (broker !== undefined) await started?.(broker.url)
  })
  afterAll(async () => {
    if (broker === undefined) return
    await stopping?.()
    await broker.stop()
  })
  return () => broker?.url ?? ""
}

/** For what takes long and is the same wherever it runs: on Bun alone. */
export const skipLong: string | undefined = "Bun" in globalThis ? skip : "tested on Bun; it takes some seconds"
