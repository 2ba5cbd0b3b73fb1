/**
 * The document of modules that do not run: the contracts they handle or export, with the other members of those apis.
 *
 * Pure. Who emits and who calls is not in it: handlers are values, and what they send is said by their code alone.
 */
import { apiOf, type ContractSpec, memberSchema } from "../../contract/mod.ts"
import type { AppModule } from "../../runtime/mod.ts"
import { dialect, Gathering, type SchemaDocument, schemaFormat, type Spoken } from "./Document.ts"

/** An app, and the contracts that its module handles or exports. */
export interface ModuleContracts extends Pick<AppModule, "app" | "handlers"> {
  readonly contracts: Iterable<ContractSpec>
}

/** See the top of the file. */
export const documentOfModules = (modules: ReadonlyArray<ModuleContracts>): SchemaDocument => {
  const gathering = new Gathering()
  for (const { app, handlers, contracts } of modules) {
    const own = handlers.flatMap(({ handler }) => handler.kind === "schedule" ? [] : [handler.contract])
    const known = new Set([...contracts, ...own].flatMap((one) => [one, ...apiOf(one)?.contracts ?? []]))
    for (const contract of known) gathering.add(spokenOf(contract), { knownTo: [app] })
    for (const { name, handler } of handlers) {
      if (handler.kind === "schedule") continue
      gathering.add(spokenOf(handler.contract), { handledBy: [`${app}.${name}`] })
    }
  }
  return {
    warren: "schema",
    format: schemaFormat,
    dialect,
    source: "modules",
    apps: modules.map(({ app }) => app).toSorted(),
    contracts: gathering.contracts(),
  }
}

const spokenOf = (contract: ContractSpec): Spoken => ({ ...memberSchema(contract), version: contract.version })
