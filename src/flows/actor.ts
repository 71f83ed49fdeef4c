/** Whoever wishes a run, cancels it or has it go on: a name, and what its owner keeps beside it as JSON. */
export type Actor = { readonly name: string }

/** Who acts now, and whatever `body` does as if that one did it. The engine does not know who people are. */
export type Actors = {
  now(): Actor
  during<T>(actor: Actor, body: () => T): T
}

/** Where nobody is known. */
export const NOBODY: Actors = { now: () => ({ name: 'unknown' }), during: (_actor, body) => body() }

/** What somebody does to a run: written in the transaction that does it. */
export type ControlChange = {
  action: 'started' | 'cancelled' | 'retried' | 'resumed'
  runId: string
  flow: string
  /** What a run that is started was given. */
  input?: unknown
  from: object | null
  to: object | null
  why: string | null
}
