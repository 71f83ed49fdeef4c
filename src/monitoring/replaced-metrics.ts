import { Counter, Gauge, type Registry } from 'prom-client'
import { quickHistogram } from './quick-histogram.ts'

/** The buckets that Prometheus' client for Python has where none are named. */
const PYTHON_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/**
 * The names by which the stack before Weir counted its predictions, without labels: its dashboards and alerts go on working.
 * A refusal is observed too: there the time of one was left out, so that mean and rate were not of the same requests.
 */
export function replacedMetrics(registers: Registry[]): { observe(ms: number): void } {
  const requests = new Counter({
    name: 'api_requests_total',
    help: 'Requests for predictions, by the name that they had before Weir',
    registers,
  })
  const latency = quickHistogram({
    name: 'api_request_latency_seconds',
    help: 'Time to answer a request for predictions, refusals too, by the name that it had before Weir',
    buckets: PYTHON_BUCKETS,
    registers,
  }).series({})
  for (const name of ['api_requests_created', 'api_request_latency_seconds_created']) {
    const since = new Gauge({ name, help: 'Since when it is counted, in seconds since 1970', registers })
    since.setToCurrentTime()
  }
  return {
    observe(ms) {
      requests.inc()
      latency.observe(ms / 1000)
    },
  }
}
