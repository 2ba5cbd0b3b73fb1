/**
 * How `warren topology --graph` draws: the words of that flag, for whoever reads a command line.
 */

/** Text for people, or a drawing for a program to render. */
export const graphForms = ["text", "mermaid", "dot"] as const

/** One of {@link graphForms}. */
export type GraphForm = typeof graphForms[number]
