import { Counter, Gauge, type Registry } from 'prom-client'

/** What becomes of answers on their way into the prediction log. */
export function logMetrics(registers: Registry[]) {
  const written = new Counter({
    name: 'weir_prediction_log_rows_total',
    help: 'Answers that were written to the prediction log, by model',
    labelNames: ['model'] as const,
    registers,
  })
  const lost = new Counter({
    name: 'weir_prediction_log_lost_total',
    help: 'Answers that the prediction log does not have, by model and why: full, unwritable, stopped',
    labelNames: ['model', 'why'] as const,
    registers,
  })
  const waiting = new Gauge({
    name: 'weir_prediction_log_waiting_rows',
    help: 'Answers in memory that are not written yet, as of the last batch',
    registers,
  })
  return {
    written: (model: string, rows: number) => written.inc({ model }, rows),
    lost: (model: string, rows: number, why: string) => lost.inc({ model, why }, rows),
    waiting: (rows: number) => waiting.set(rows),
  }
}
