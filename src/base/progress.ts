import { AsyncLocalStorage } from 'node:async_hooks'

/** How far a piece of long work is. `total` is null where nobody knows it. */
export type Progress = {
  /** What is done, in two or three words: `read users.csv`, `grow trees`. */
  phase: string
  done: number
  total: number | null
  curves?: LossSoFar[]
  unit: 'bytes' | 'rows' | 'files' | 'periods' | 'trees' | 'views' | 'rounds' | 'units'
}

/** The loss of a learner so far, by round; of rows that it learns from, and of rows that it does not. */
export type LossSoFar = { of: 'train' | 'valid'; rounds: number[]; losses: number[] }

export type OnProgress = (progress: Progress) => void

const watching = new AsyncLocalStorage<OnProgress>()

/** Whatever `body` does, and calls, tells `onProgress` how far it is. */
export function withProgress<T>(onProgress: OnProgress, body: () => T): T {
  return watching.run(onProgress, body)
}

/**
 * Whom to tell how far this work is: asked once where the work begins, because a callback of a stream or a thread no longer
 * knows on whose behalf it runs. Nobody may be listening, and telling costs next to nothing.
 */
export function progress(): OnProgress {
  return watching.getStore() ?? (() => {})
}
