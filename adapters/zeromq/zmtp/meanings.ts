/**
 * What the system's codes mean for whoever reads why a socket cannot listen or connect. Pure.
 */

/** By code. */
export const meanings: { readonly [code: string]: string } = {
  EADDRINUSE: "something listens there already; choose another port, or * for a free one",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "this user may not listen there",
  ECONNREFUSED: "nothing listens there",
  ENOENT: "there is no such path",
  ENOTFOUND: "no such host is known",
  ETIMEDOUT: "it does not answer",
}
