import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { silentLog } from '../../src/base/log.ts'
import { openDatabase } from '../../src/db/db.ts'
import { type BenchResult, interleaved } from '../harness.ts'
import { EXAMPLE, startWeir, stop, WEIR } from '../processes.ts'
import { onlineKeys } from '../serving/rig/stage.ts'

const SECONDS = 5
const CONNECTIONS = 2

/**
 * Within how many ms 99 of 100 requests to `/predict` of `weir up` are answered: while it trains the reference project's model
 * again and again with one thread, and while it does not, in turn.
 */
export async function predictWhileTraining(): Promise<BenchResult[]> {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-training-'))
  let server: { url: string; child: ChildProcess } | undefined
  const where = ['--json', '--project', EXAMPLE, '--home', home]
  try {
    execFileSync(process.execPath, [WEIR, 'demo', '--no-serve', ...where], { stdio: ['ignore', 'ignore', 'inherit'] })
    const db = await openDatabase({ home, log: silentLog })
    const { keys } = await onlineKeys(db).finally(() => db.close())
    server = await startWeir(home, [], 'up')
    const { url } = server
    const train = () =>
      spawn(
        process.execPath,
        [WEIR, 'train', 'streamflow_churn', '--as-of', '2024-01-31', '--threads', '1', ...where],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      )
    let trained = 0
    const busy = async () => {
      let over = false
      const training = (async () => {
        for (; !over; trained++) {
          const [code] = (await once(train(), 'exit')) as [number]
          if (code !== 0) throw new Error(`weir train ended with ${code}`)
        }
      })()
      const ms = await p99(url, keys)
      over = true
      await training
      return ms
    }
    await p99(url, keys)
    const rounds = await interleaved(busy, () => p99(url, keys), 'more')
    const note = `p99; ours while training (${trained} times in all), peer quiet; ${CONNECTIONS} connections`
    return [{ name: 'POST /predict while the same process trains', ...rounds, unit: 'ms', note }]
  } finally {
    if (server) await stop(server.child)
    // The embedded server may still be ending.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

/** An answer that is not a 200 ends the benchmark: a fast error is no figure. */
async function p99(url: string, keys: readonly string[]): Promise<number> {
  const result = await autocannon({
    url: `${url}/predict`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    requests: keys.map((key) => ({ body: JSON.stringify({ user_id: key }) })),
    connections: CONNECTIONS,
    duration: SECONDS,
  })
  const failed = result.non2xx + result.errors + result.timeouts
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests to /predict failed`)
  return result.latency.p99
}
