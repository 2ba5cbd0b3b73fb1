/**
 * Loads a module from a path at run time, TypeScript included, as the runtime itself would.
 *
 * Reads no exports and judges nothing; what the module throws while loading is thrown on.
 */
import { pathToFileURL } from "node:url"

/** The exports of the module at an absolute path. A path with `?` or `#` in it is a path still. */
export const importModule = (path: string): Promise<{ readonly [name: string]: unknown }> =>
  import(pathToFileURL(path).href)
