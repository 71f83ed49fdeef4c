/**
 * The console in a real Chromium, on an experiment of 10,000 runs with 50 metrics and 30 params each and 12,000 names of
 * metrics; beside it MLflow's own UI and API over the same runs where WEIR_PYTHON_MLFLOW2 names a Python with it. Each has a
 * database of its own on one embedded PostgreSQL. WEIR_BENCH_RUNS takes fewer runs while something is tried.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import {
  browserCpuSeconds,
  firstLoadBytes,
  freshPage,
  msToSee,
  msUntil,
  openBrowser,
  scrollFrames,
} from './console/browser.ts'
import { loadYardstick, YARDSTICK } from './console/yardstick.ts'
import { type BenchResult, median } from './harness.ts'
import { type BenchServer, openBenchDatabases, startMlflow, startWeir } from './mlflow/servers.ts'
import { cpuSecondsOf } from './processes.ts'

const ROUNDS = Number(process.env.WEIR_BENCH_ROUNDS ?? 5)
const SHAPE = { ...YARDSTICK, runs: Number(process.env.WEIR_BENCH_RUNS ?? YARDSTICK.runs) }
const FRAME_MS_MAX = 33
const IDLE_SECONDS = 20
const OUR_ROW = '.rgrid-body .rgrid-name'
const THEIR_ROW = '.ag-center-cols-container .ag-row, [data-testid="experiment-view-runs-table"] [role="row"]'
const FILTER = "metrics.auc > 0.5 and params.param_2 = 'choice_1'"

export async function run(): Promise<BenchResult[]> {
  const browser = await openBrowser()
  if (!browser) return []
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-console-'))
  const databases = await openBenchDatabases(home)
  const stops: (() => Promise<void>)[] = []
  try {
    const ours = await startWeir(await databases.create('weir'), join(home, 'weir'))
    stops.push(ours.stop)
    const experiment = await loadYardstick(ours, 'yardstick', SHAPE)
    const theirs = await startPeer(() => databases.create('mlflow'), join(home, 'mlflow'))
    if (theirs) stops.push(theirs.stop)
    const peer = theirs && { server: theirs, experiment: await loadYardstick(theirs, 'yardstick', SHAPE) }
    const results: BenchResult[] = []
    for (const measure of [firstRows, byLink, filterInPage, filterByApi, scroll, overview, idle]) {
      const result = await measure({ browser, ours, experiment, peer })
      if (result) results.push(result)
    }
    return results
  } finally {
    await browser.close()
    for (const stop of stops) await stop()
    await databases.close()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

/** Undefined, and said, where there is none. */
async function startPeer(database: () => Promise<string>, folder: string): Promise<BenchServer | undefined> {
  const python = process.env.WEIR_PYTHON_MLFLOW2
  if (!python) {
    console.log('  without a peer: WEIR_PYTHON_MLFLOW2 names no Python with MLflow')
    return undefined
  }
  try {
    return await startMlflow(python, await database(), folder)
  } catch (error) {
    console.log(`  without a peer: ${(error as Error).message}`)
    return undefined
  }
}

type Bench = {
  browser: Browser
  ours: BenchServer
  experiment: string
  peer: { server: BenchServer; experiment: string } | undefined
}

function limited(name: string, unit: string, ours: number, limit: number, note?: string): BenchResult {
  const more = note === undefined ? {} : { note: `${note}; peer is the limit` }
  return { name, unit, ours, peer: limit, ratio: ours / limit, note: 'peer is the limit', ...more }
}

/** From a click in the list of experiments. */
async function firstRows({ browser, ours, experiment }: Bench): Promise<BenchResult> {
  const page = await freshPage(browser)
  const times: number[] = []
  for (let i = 0; i <= ROUNDS; i++) {
    await page.goto('about:blank')
    await page.goto(`${ours.url}/#/experiments`)
    const link = page.locator(`a[href$="#/experiments/${experiment}"]`)
    await link.waitFor()
    const ms = await msUntil(page, () => link.click(), OUR_ROW)
    // The first one loads the page's own script, as the first look of somebody does; it is told, and not counted.
    if (i > 0) times.push(ms)
    else console.log(`  first rows, the very first time: ${ms.toFixed(0)} ms`)
  }
  await page.context().close()
  return limited(`first rows of ${SHAPE.runs} runs, from the list of experiments`, 'ms', median(times), 300)
}

/** By a link, in a browser that knows nothing: ours beside MLflow's page. */
async function byLink({ browser, ours, experiment, peer }: Bench): Promise<BenchResult | undefined> {
  const seen = async (url: string, selector: string) => {
    const page = await freshPage(browser)
    const ms = await msToSee(page, url, selector).catch(() => Number.NaN)
    await page.context().close()
    return ms
  }
  const own: number[] = []
  const theirs: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    own.push(await seen(`${ours.url}/#/experiments/${experiment}`, OUR_ROW))
    if (peer) theirs.push(await seen(`${peer.server.url}/#/experiments/${peer.experiment}`, THEIR_ROW))
  }
  const name = `first rows of ${SHAPE.runs} runs by a link, cold cache`
  if (!peer) return limited(name, 'ms', median(own), 1_000)
  const ratio = median(theirs) / median(own)
  return { name, unit: 'ms', ours: median(own), peer: median(theirs), ratio, note: "peer is MLflow's own page" }
}

/** From Enter in the filter to the rows that are found. */
async function filterInPage({ browser, ours, experiment }: Bench): Promise<BenchResult> {
  const page = await freshPage(browser)
  await page.goto(`${ours.url}/#/experiments/${experiment}`)
  await page.locator(OUR_ROW).first().waitFor()
  const times: number[] = []
  for (let i = 0; i <= ROUNDS; i++) {
    const box = page.locator('.filter-input')
    // A threshold of its own each time: nothing of it is known yet.
    await box.fill(`metrics.auc > 0.${51 + i} and params.param_2 = 'choice_1'`)
    const before = await page.locator('[data-found]').getAttribute('data-found')
    const ms = await msUntil(page, () => box.press('Enter'), `[data-found]:not([data-found="${before}"])`)
    if (i > 0) times.push(ms)
  }
  await page.context().close()
  return limited('filter by a metric and a param, from Enter to the rows', 'ms', median(times), 200)
}

async function filterByApi({ ours, experiment, peer }: Bench): Promise<BenchResult | undefined> {
  if (!peer) return undefined
  const columns = [
    'attributes.run_name',
    'attributes.start_time',
    ...['auc', 'loss', 'f1'].map((key) => `metrics.${key}`),
  ]
  const own = { experiment_ids: [experiment], columns, filter: FILTER, limit: 100 }
  const theirs = { experiment_ids: [peer.experiment], filter: FILTER, max_results: 100 }
  const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] }
  for (let i = 0; i <= ROUNDS; i++) {
    const [a, b] = [
      await posted(`${ours.url}/runs/search`, own),
      await posted(`${peer.server.url}/api/2.0/mlflow/runs/search`, theirs),
    ]
    if (i > 0) times.ours.push(a)
    if (i > 0) times.theirs.push(b)
  }
  const [mine, other] = [median(times.ours), median(times.theirs)]
  const note = 'peer is the API that its page asks; it gives all columns, and no count'
  return { name: 'filter, the answer alone', unit: 'ms', ours: mine, peer: other, ratio: other / mine, note }
}

async function posted(url: string, body: object): Promise<number> {
  const since = performance.now()
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text.slice(0, 200)}`)
  return performance.now() - since
}

async function scroll({ browser, ours, experiment }: Bench): Promise<BenchResult> {
  const page = await freshPage(browser)
  await page.goto(`${ours.url}/#/experiments/${experiment}`)
  await page.locator(OUR_ROW).first().waitFor()
  await scrollFrames(page, '.rgrid', 30, FRAME_MS_MAX)
  const { longest, median: usual, over, frames } = await scrollFrames(page, '.rgrid', 300, FRAME_MS_MAX)
  await page.context().close()
  const note = `median ${usual.toFixed(1)} ms, ${over} of ${frames} over ${FRAME_MS_MAX} ms`
  return limited('longest frame while scrolling', 'ms', longest, FRAME_MS_MAX, note)
}

async function overview({ browser, ours }: Bench): Promise<BenchResult> {
  const times: number[] = []
  let bytes = 0
  for (let i = 0; i < ROUNDS; i++) {
    const page = await freshPage(browser)
    times.push(await msToSee(page, `${ours.url}/#/`, '.page .section'))
    bytes = await firstLoadBytes(page)
    await page.context().close()
  }
  const note = `first load ${(bytes / 1000).toFixed(0)} kB compressed (limit 200)`
  return limited('overview, cold cache, first useful paint', 'ms', median(times), 500, note)
}

async function idle({ browser, ours, experiment }: Bench): Promise<BenchResult> {
  const page = await freshPage(browser)
  await page.goto(`${ours.url}/#/experiments/${experiment}`)
  await page.locator(OUR_ROW).first().waitFor()
  await wait(5_000)
  const before = { browser: await browserCpuSeconds(browser), server: cpuSecondsOf(ours.pid, '/nothing') }
  await wait(IDLE_SECONDS * 1_000)
  const share = (seconds: number) => (100 * seconds) / IDLE_SECONDS
  const own = share((await browserCpuSeconds(browser)) - before.browser)
  const server = share(cpuSecondsOf(ours.pid, '/nothing') - before.server)
  await page.context().close()
  const note = `server ${server.toFixed(2)} % (limit 1)`
  return limited('a live page, idle: processor time of the browser', '% of a core', own, 2, note)
}
