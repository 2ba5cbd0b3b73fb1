/**
 * Every verb about dead letters.
 */
import type { Verb } from "../Verb.ts"
import { deadDrop } from "./drop.ts"
import { deadEdit } from "./edit.ts"
import { deadExport } from "./export.ts"
import { deadLs } from "./ls.ts"
import { deadRetry } from "./retry.ts"
import { deadShow } from "./show.ts"

/** See the top of the file. */
export const deadVerbs: ReadonlyArray<Verb> = [deadLs, deadShow, deadRetry, deadDrop, deadEdit, deadExport]
