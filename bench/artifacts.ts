/**
 * A large artifact through the proxy: growth of the server's memory while 2 GB go up and come back, against the limit
 * of 150 MB, and the rates against a bare Node server that streams the same bytes to a file and from it.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { startBareServer } from './artifacts/bare-server.ts'
import type { BenchResult } from './harness.ts'
import { openBenchDatabases, startWeir } from './mlflow/servers.ts'
import { memoryOf } from './processes.ts'

const BYTES = 2 ** 31
const CHUNK = Buffer.alloc(1 << 20, 'weir ')
const GROWTH_MB_MAX = 150

export async function run(): Promise<BenchResult[]> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-artifacts-'))
  const databases = await openBenchDatabases(dir)
  try {
    const bare = await startBareServer(join(dir, 'bare'))
    const peer = await upAndDown(`${bare.url}/large.bin`)
    await bare.stop()
    const home = join(dir, 'weir')
    const weir = await startWeir(await databases.create('artifacts'), home)
    try {
      const url = `${weir.url}/api/2.0/mlflow-artifacts/artifacts/bench/large.bin`
      const watch = watchMemory(() => memoryOf(weir.pid, home))
      await upAndDown(url, 1 << 26)
      const ours = await upAndDown(url)
      const growth = watch.end()
      return [
        { name: 'memory growth', ours: growth, peer: GROWTH_MB_MAX, unit: 'MB', ratio: growth / GROWTH_MB_MAX },
        {
          name: 'upload',
          ours: ours.up,
          peer: peer.up,
          unit: 'MB/s',
          ratio: ours.up / peer.up,
          note: 'only ours fsyncs',
        },
        { name: 'download', ours: ours.down, peer: peer.down, unit: 'MB/s', ratio: ours.down / peer.down },
      ]
    } finally {
      await weir.stop()
    }
  } finally {
    await databases.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

/** MB/s of a file of so many bytes that is put and then fetched. */
async function upAndDown(url: string, bytes = BYTES): Promise<{ up: number; down: number }> {
  const began = performance.now()
  await send(url, bytes)
  const sent = performance.now()
  await fetchAll(url, bytes)
  const rate = (ms: number) => bytes / 1e6 / (ms / 1000)
  return { up: rate(sent - began), down: rate(performance.now() - sent) }
}

async function send(url: string, bytes: number): Promise<void> {
  const sent = request(url, { method: 'PUT', headers: { 'content-length': bytes } })
  const answered = once(sent, 'response')
  const chunks = function* () {
    for (let at = 0; at < bytes; at += CHUNK.length) yield CHUNK
  }
  await pipeline(Readable.from(chunks(), { objectMode: false }), sent)
  const [answer] = await answered
  answer.resume()
  if (answer.statusCode !== 200) throw new Error(`PUT ${url}: ${answer.statusCode}`)
}

async function fetchAll(url: string, expected: number): Promise<void> {
  const [answer] = await once(request(url).end(), 'response')
  let bytes = 0
  for await (const chunk of answer) bytes += (chunk as Buffer).length
  if (bytes !== expected) throw new Error(`GET ${url}: ${bytes} bytes instead of ${expected}`)
}

/** In MB, ten times a second. */
function watchMemory(measure: () => number) {
  const before = measure()
  if (before === 0) throw new Error('memory cannot be measured here')
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, measure())
  }, 100)
  return {
    end() {
      clearInterval(timer)
      return Math.max(most, measure()) - before
    },
  }
}
