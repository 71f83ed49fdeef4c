import { type BenchResult, median } from '../../harness.ts'
import { cpuSecondsOf, type Started } from '../../processes.ts'
import { loadWithoutFailure, type Round } from './load.ts'
import { bodiesOf, type Stage } from './stage.ts'

/** Counted ones; one before them warms up. */
const ROUNDS = Number(process.env.WEIR_BENCH_ROUNDS ?? 5)
const SECONDS = Number(process.env.WEIR_BENCH_SECONDS ?? 3)

/** Processor time for one request, of the server and of its database: both cores count. */
type Taken = Round & { serverMicros: number; databaseMicros: number }
type Figure = 'perSecond' | 'p50Ms' | 'p99Ms'
export type Mark = { peer: 'echo' | 'select'; figure: Figure; mark: number }

/** Ours and the peers take turns in short rounds, so that all meet the same machine. One line for each mark. */
export async function againstPeers(
  stage: Stage,
  model: string,
  connections: number,
  marks: readonly Mark[],
): Promise<BenchResult[]> {
  const ours = await stage.weir()
  const servers: [name: string, started: Started, path: string][] = [['ours', ours, `/models/${model}/predict`]]
  for (const peer of ['echo', 'select'] as const) servers.push([peer, await stage.peer(peer), '/predict'])
  const taken = new Map<string, Taken[]>(servers.map(([name]) => [name, []]))
  for (let i = 0; i <= ROUNDS; i++) {
    for (const [name, { url, child }, path] of servers) {
      const before = secondsOf(child.pid!, stage.home)
      const round = await loadWithoutFailure({
        url: url + path,
        connections,
        seconds: SECONDS,
        bodies: bodiesOf(stage.keys),
      })
      const after = secondsOf(child.pid!, stage.home)
      const microsOf = (part: 'server' | 'database') => ((after[part] - before[part]) / round.requests) * 1e6
      const cost = { serverMicros: microsOf('server'), databaseMicros: microsOf('database') }
      if (i > 0) taken.get(name)!.push({ ...round, ...cost })
    }
  }
  for (const [, started] of servers) await stage.stop(started)
  return marks.map((mark) => lineOf(taken, `${model}, ${connections} connection${connections > 1 ? 's' : ''}`, mark))
}

/** So far. The embedded database works in the home and is nobody's child. */
function secondsOf(pid: number, home: string): { server: number; database: number } {
  const server = cpuSecondsOf(pid, '/nothing')
  return { server, database: cpuSecondsOf(pid, home) - server }
}

const UNITS: Record<Figure, string> = { perSecond: 'requests/s', p50Ms: 'ms', p99Ms: 'ms' }

function lineOf(all: Map<string, Taken[]>, name: string, { peer, figure, mark }: Mark): BenchResult {
  const [own, theirs] = [all.get('ours')!, all.get(peer)!]
  const ratios = own.map((round, i) => round[figure] / theirs[i]![figure])
  const cpu = (rounds: readonly Taken[]) => {
    const of = (part: 'serverMicros' | 'databaseMicros') => median(rounds.map((r) => r[part])).toFixed(0)
    return `${of('serverMicros')} + ${of('databaseMicros')} µs`
  }
  const says = peer === 'echo' ? 'a bare Fastify echo' : 'Fastify and one select'
  return {
    name: `${name}, ${figure === 'perSecond' ? 'requests' : figure.replace(/Ms$/, '')} against ${says}`,
    ours: median(own.map((r) => r[figure])),
    peer: median(theirs.map((r) => r[figure])),
    unit: UNITS[figure],
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    note: `wanted ${figure === 'perSecond' ? '>=' : '<='} ${mark}; processor time a request, server + database: ours ${cpu(own)}, peer ${cpu(theirs)}`,
  }
}
