/**
 * A process of a chaos run that does nothing but host the embedded broker, or wait to take it over.
 *
 * Started and killed by `children.ts`, as `warren run` would be without workers.
 */
import { main } from "./child.ts"

await main([], (_launched, asked) => asked)
