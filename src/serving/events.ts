/** What serving tells of itself while it works; monitoring counts it. */
export type ServingEvents = {
  predicted(model: { name: string; version: string }, rows: number): void
  /** The version that answers from now on, or nothing. */
  live(name: string, version: string | undefined): void
  /** A promoted version could not be loaded. */
  loadFailed(name: string): void
}
