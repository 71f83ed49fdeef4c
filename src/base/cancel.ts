import { AsyncLocalStorage } from 'node:async_hooks'

const cancelling = new AsyncLocalStorage<AbortSignal>()

/** Whatever `body` does, and calls, is asked to end by `signal`. */
export function withCancel<T>(signal: AbortSignal, body: () => T): T {
  return cancelling.run(signal, body)
}

/**
 * What tells this work to end before its time: asked once where the work begins, because a callback of a stream or a thread
 * no longer knows on whose behalf it runs. Undefined where nobody can cancel it.
 */
export function cancelSignal(): AbortSignal | undefined {
  return cancelling.getStore()
}

/** Ends work that was cancelled: asked where nothing is half done, before each part and before what is done is committed. */
export function throwIfCancelled(): void {
  cancelling.getStore()?.throwIfAborted()
}
