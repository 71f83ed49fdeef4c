/**
 * Calls of `POST /get-online-features` by clients that each wait for their answer; the same body for Feast and for Weir.
 */
import { openCaller } from '../mlflow/client.ts'
import { BENCH_FEATURES } from './views.ts'

export type OnlineLoad = {
  /** Asked for in turn; each request has its own ones. */
  keys: readonly string[]
  keysPerRequest: number
  connections?: number
  seconds?: number
  /** Uncounted, before. */
  warmUpSeconds?: number
}

export type OnlineFigures = { perSecond: number; p50Ms: number; p99Ms: number; requests: number }

/** Different bodies; a client goes through them in order and begins again. */
const BODIES = 500

/** An answer that is not a 2xx ends the measurement: a fast error is no figure. So do values that are not there. */
export async function loadOnline(
  url: string,
  { keys, keysPerRequest, connections = 8, seconds = 5, warmUpSeconds = 3 }: OnlineLoad,
): Promise<OnlineFigures> {
  if (keys.length < keysPerRequest) throw new Error(`${keysPerRequest} keys a request need as many keys`)
  const bodies = Array.from({ length: BODIES }, (_, i) => requestBody(keys, i * keysPerRequest, keysPerRequest))
  await checkAnswer(url, bodies[0]!, keysPerRequest)
  if (warmUpSeconds > 0) await hammer(url, bodies, connections, warmUpSeconds)
  return hammer(url, bodies, connections, seconds)
}

function requestBody(keys: readonly string[], from: number, count: number): string {
  const user_id = Array.from({ length: count }, (_, i) => keys[(from + i) % keys.length]!)
  return JSON.stringify({ features: BENCH_FEATURES, entities: { user_id } })
}

async function hammer(
  url: string,
  bodies: readonly string[],
  connections: number,
  seconds: number,
): Promise<OnlineFigures> {
  const times: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async (_, c) => {
      const caller = openCaller(url)
      let next = Math.floor((c * bodies.length) / connections)
      for (let sent = performance.now(); sent < end; sent = performance.now()) {
        const { status, json } = await caller.post('/get-online-features', bodies[next++ % bodies.length]!)
        if (status !== 200) throw new Error(`${url} answered ${status}: ${json.slice(0, 300)}`)
        times.push(performance.now() - sent)
      }
      caller.close()
    }),
  )
  const took = (performance.now() - start) / 1000
  const sorted = Float64Array.from(times).sort()
  const part = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  return { perSecond: times.length / took, p50Ms: part(0.5), p99Ms: part(0.99), requests: times.length }
}

type Answer = {
  metadata: { feature_names: string[] }
  results: { values: unknown[]; statuses: string[] }[]
}

/** The join key and 14 features, a value for each key, and none of them unknown. */
async function checkAnswer(url: string, body: string, count: number): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/get-online-features`, { method: 'POST', headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 300)}`)
  const { metadata, results } = JSON.parse(text) as Answer
  const wanted = ['user_id', ...BENCH_FEATURES.map((name) => name.split(':')[1]!)]
  const missing = wanted.filter((name) => !metadata.feature_names.includes(name))
  if (missing.length > 0) throw new Error(`${url} left out ${missing.join(', ')}`)
  for (const [i, { values, statuses }] of results.entries()) {
    if (values.length === count && statuses.every((s) => s === 'PRESENT' || s === 'NULL_VALUE')) continue
    throw new Error(`${url} has no ${metadata.feature_names[i]} for some of ${count} keys: ${statuses.join(' ')}`)
  }
}
