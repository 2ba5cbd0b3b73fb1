/**
 * Looks for the broker of a data folder without taking part in it: for tools, and for programs that may go another way.
 *
 * Makes nothing, and believes only a folder of this user in which nobody else writes.
 */
import { existsSync } from "node:fs"
import { Effect } from "effect"
import { type BrokerAddress, readAddress } from "./folder/AddressFile.ts"
import { openDataFolder } from "./folder/DataFolder.ts"
import { brokerAnswering } from "./reach.ts"

/** Where the broker of that folder is; `undefined`: nobody hosts it now. */
export const findEmbedded = (path: string): Effect.Effect<BrokerAddress | undefined> =>
  Effect.gen(function* () {
    if (!existsSync(path)) return undefined
    const address = yield* readAddress(yield* openDataFolder(path))
    if (address === undefined) return undefined
    return (yield* brokerAnswering(address.host, address.port)) === address.broker ? address : undefined
  }).pipe(Effect.catchTag("FolderError", () => Effect.succeed(undefined)))
