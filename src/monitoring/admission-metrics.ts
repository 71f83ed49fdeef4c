import { Counter, Gauge, type Registry } from 'prom-client'

type State = { working: number; waiting: number; overloaded: boolean }

/** What becomes of predictions that are asked for: worked on, waiting for a turn, refused. */
export function admissionMetrics(register: Registry) {
  const registers = [register]
  const refused = new Counter({
    name: 'weir_predictions_refused_total',
    help: 'Predictions that were refused with 503: full (more than can be done soon) or late (not within the deadline)',
    labelNames: ['model', 'reason'] as const,
    registers,
  })
  let state: () => State = () => ({ working: 0, waiting: 0, overloaded: false })
  const gauge = (name: string, help: string, value: (state: State) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(state()))
      },
    })
  gauge('weir_predictions_working', 'Requests for predictions that are worked on', ({ working }) => working)
  gauge('weir_predictions_waiting', 'Requests for predictions that wait for their turn', ({ waiting }) => waiting)
  gauge('weir_overloaded', '1 while more predictions are asked for than can be answered', ({ overloaded }) =>
    Number(overloaded),
  )
  return {
    refused: (model: string, reason: 'full' | 'late') => refused.inc({ model, reason }),
    watch(of: () => State) {
      state = of
    },
  }
}
