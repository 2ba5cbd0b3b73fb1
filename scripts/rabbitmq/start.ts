/**
 * Starts a node by the way that works here, and gives tests their broker.
 *
 * An installed server comes first, then Docker, then installing Debian's package; a named image is always Docker.
 * Never touches a broker that it did not start, but for the one that `WARREN_TEST_BROKER` lends to tests.
 */
import process from "node:process"
import { defaultImage, dockerWorks, startDocker } from "./docker.ts"
import { installedServer, installOnDebian, unavailable } from "./install.ts"
import { closer, openHome, plan, prepare, startEpmd } from "./installed.ts"
import type { Rabbit, RabbitOptions } from "./types.ts"

/**
 * Starts a private node and waits until it speaks AMQP.
 *
 * Fails with `RabbitUnavailable` when there is no server, or with its last log lines when it does not start.
 */
export const startRabbit = async (options: RabbitOptions = {}): Promise<Rabbit> => {
  const image = options.docker ?? (process.env["WARREN_RABBITMQ_IMAGE"] || undefined)
  if (image !== undefined) return await startDocker(image || defaultImage, options)
  if (installedServer() === undefined && dockerWorks()) return await startDocker(defaultImage, options)
  const server = await findServer(options)
  const home = await openHome(options)
  const stop = closer(home, ["node"])
  try {
    const [planned] = await plan(home, options, 1)
    if (planned === undefined) throw new Error("Cannot plan a node")
    const rabbit = await prepare(home, server, planned, [planned], options, stop)
    await startEpmd(home, planned.epmdPort)
    await rabbit.start()
    return rabbit
  } catch (error) {
    await stop()
    throw error
  }
}

/** The installed server, if need be after installing it. */
export const findServer = async (options: RabbitOptions): Promise<string> => {
  const found = installedServer()
  if (found !== undefined) return found
  if (options.install !== false) await installOnDebian(options.log ?? ((line) => process.stderr.write(`${line}\n`)))
  const installed = installedServer()
  if (installed === undefined) throw unavailable()
  return installed
}

/**
 * The broker for a test file: the one named by `WARREN_TEST_BROKER` (stopping it is a no-op), else a private one.
 *
 * `WARREN_TEST_BROKER=none` gives `undefined`: the test then skips, with that as its reason.
 */
export const testBroker = async (): Promise<Pick<Rabbit, "url" | "stop"> | undefined> => {
  const url = process.env["WARREN_TEST_BROKER"]
  if (url === "none") return undefined
  if (url !== undefined && url !== "") return { url, stop: () => Promise.resolve() }
  return await startRabbit()
}
