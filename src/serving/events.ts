import type { Answered } from './answered.ts'

/** What serving tells of itself while it works; monitoring counts it. */
export type ServingEvents = {
  predicted(model: { name: string; version: string }, rows: number): void
  /** How long a request took for it: until it had its turn, reading features, asking the model. */
  stage(model: string, stage: 'queue' | 'features' | 'model', ms: number, requestId?: string | null): void
  /**
   * What was answered of each key, and by which version; shadows too. Never throws, never waits. A promise only where the
   * answer must not be given before it is recorded; it rejects where that failed.
   */
  answered(rows: readonly Answered[]): void | Promise<void>
  /** The version that answers from now on, or nothing. */
  live(name: string, version: string | undefined): void
  /** Rows that no shadow was asked for, because too many waited. */
  dropped?(model: string, rows: number): void
  /** A version that is to answer or to be tried could not be loaded. */
  loadFailed(name: string): void
}
