/**
 * How a connection says whose it is: a name for people, and for inspection the process and its apps.
 *
 * Below `Connection.ts`. A broker's management API shows these properties with the connection and its consumers, so that
 * one of Warren's can be told from a stranger's. Pure.
 */
import type { Identity } from "../../src/transport/mod.ts"

/** Names of the properties that Warren adds. */
export const ClientProperty = { instance: "warren_instance", apps: "warren_apps" } as const

/** Characters of all names of apps at most: brokers limit what a connection says of itself to one small frame. */
const longest = 1_000

/** The client properties of a connection; `role`: what it is for. */
export const clientProperties = (
  { name, instance, apps }: Identity,
  role: string,
): Readonly<Record<string, string>> => ({
  connection_name: `${name.slice(0, longest)} (${role})`,
  ...(instance !== undefined && { [ClientProperty.instance]: instance }),
  ...(apps.length > 0 && { [ClientProperty.apps]: listed(apps) }),
})

/** As many names as there is room for, with commas between them. */
const listed = (apps: ReadonlyArray<string>): string => {
  let text = ""
  for (const app of apps) {
    const longer = text === "" ? app : `${text},${app}`
    if (longer.length > longest) break
    text = longer
  }
  return text
}
