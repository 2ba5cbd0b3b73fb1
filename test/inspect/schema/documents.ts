/**
 * Documents of modules that are made in a test: apps by name, with their handlers and the apis that they export.
 */
import { contractsIn } from "../../../src/contract/mod.ts"
import { documentOfModules, type SchemaDocument } from "../../../src/inspect/mod.ts"
import { type Handler, isHandler } from "../../../src/runtime/mod.ts"

/** The document of apps; what an app has is what its module exports. */
export const documentOf = (apps: Readonly<Record<string, Readonly<Record<string, unknown>>>>): SchemaDocument =>
  documentOfModules(
    Object.entries(apps).map(([app, exports]) => ({
      app,
      handlers: Object.entries(exports).flatMap(([name, value]) =>
        isHandler(value) ? [{ name, handler: value as Handler }] : []
      ),
      contracts: contractsIn(Object.values(exports)),
    })),
  )

/** The same, as a running system tells it: who sends is known. */
export const asRunning = (
  document: SchemaDocument,
  senders: Readonly<Record<string, ReadonlyArray<string>>>,
): SchemaDocument => ({
  ...document,
  source: "running",
  contracts: document.contracts.map((one) => ({ ...one, sentBy: senders[one.type] ?? [] })),
})
