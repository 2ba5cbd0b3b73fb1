/**
 * Where a gateway is unless told otherwise: `warren run --http` opens it there, `warren call` looks for it there.
 */
import { defaultAddress, formatAddress } from "../../adapters/runtime/mod.ts"

/** `http://127.0.0.1:8080`. */
export const defaultUrl = `http://${formatAddress(defaultAddress)}`
