/** Does nothing: what a runtime takes for itself. See `startup.ts`. */
export {}
