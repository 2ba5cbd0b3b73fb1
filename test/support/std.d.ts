/**
 * Types of the part of Deno's standard library that tests use.
 *
 * The package deno-std carries the library without its types; deno.json gives it the name `@std/`. Only Deno's own
 * tests (`*.deno.test.ts`) import it. Tests that run everywhere use `node:assert/strict` instead.
 */
declare module "@std/assert/mod.js" {
  export function assertEquals<A>(actual: A, expected: A, message?: string): void
  export function assertRejects(run: () => Promise<unknown>, message?: string): Promise<unknown>
  export function assertStringIncludes(actual: string, expected: string, message?: string): void
}
