import type { Answered as Recorded } from '../predictions/answer.ts'

/** One prediction that was made or refused, as those who watch hear of it: the log, the gate, the metrics. */
export type Answered = Recorded & {
  /** How long the model took for this row: measured only while versions are tried beside the champion. */
  modelMs?: number
}
