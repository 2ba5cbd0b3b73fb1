/**
 * Closes every client's connection as an operator would: through the management API, one by one.
 *
 * What the API lists is as old as its statistics (some seconds after a connection was made); what it does not know yet is closed in the broker itself,
 * which is also the way where the API is not there.
 */
import type { Rabbit } from "../rabbitmq.ts"

const reason = "closed by npm run chaos"
const credentials = `Basic ${btoa("guest:guest")}`
/** ms for one request. */
const patience = 5_000

/** Closes all connections of a node; says how many the API closed. */
export const closeConnections = async (rabbit: Rabbit): Promise<number> => {
  const { managementUrl } = rabbit
  const closed = managementUrl === undefined ? 0 : await overManagement(managementUrl).catch(() => 0)
  await rabbit.closeConnections(reason)
  return closed
}

const overManagement = async (url: string): Promise<number> => {
  const ask = async (method: string, path: string) =>
    await fetch(`${url}/api/connections${path}`, {
      method,
      headers: { authorization: credentials, "x-reason": reason },
      signal: AbortSignal.timeout(patience),
    })
  const listed = await ask("GET", "?columns=name")
  const names = (await listed.json() as ReadonlyArray<{ readonly name?: unknown }>).flatMap(({ name }) =>
    typeof name === "string" ? [name] : []
  )
  const answers = await Promise.all(names.map(async (name) => {
    const answer = await ask("DELETE", `/${encodeURIComponent(name)}`)
    await answer.body?.cancel()
    // gone already is as good
    return answer.status === 204
  }))
  return answers.filter((isClosed) => isClosed).length
}
