import { type BenchResult, median } from '../harness.ts'
import { cpuSecondsOf, type Started } from '../processes.ts'
import { loadWithoutFailure } from './rig/load.ts'
import type { Row } from './rig/row.ts'
import { BOOSTED, bodiesOf, type Stage } from './rig/stage.ts'

const ROUNDS = Number(process.env.WEIR_BENCH_ROUNDS ?? 5)
const SECONDS = Number(process.env.WEIR_BENCH_SECONDS ?? 3)

type Round = { perSecond: number; micros: number }

/** The same server with and without its prediction log, in turns: both write to the same database, so both cores count. */
export const row: Row = {
  says: 'the prediction log, on and off, 64 connections',
  async run(stage): Promise<BenchResult[]> {
    const servers = { on: await withLog(stage, 'on'), off: await withLog(stage, 'off') }
    const taken: Record<'on' | 'off', Round[]> = { on: [], off: [] }
    for (let i = 0; i <= ROUNDS; i++) {
      // Each goes first in turn: what the first one left is written while the second is asked.
      for (const name of i % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
        const { url, child } = servers[name]
        const before = cpuSecondsOf(child.pid!, stage.home)
        const asked = { url: `${url}/models/${BOOSTED}/predict`, connections: 64, seconds: SECONDS }
        const { perSecond, requests } = await loadWithoutFailure({ ...asked, bodies: bodiesOf(stage.keys) })
        const micros = ((cpuSecondsOf(child.pid!, stage.home) - before) / requests) * 1e6
        if (i > 0) taken[name].push({ perSecond, micros })
      }
    }
    for (const started of Object.values(servers)) await stage.stop(started)
    const [row] = await stage.db.query<{ n: number }>('select count(*) as n from predictions.answer')
    const ratios = taken.on.map((round, i) => round.perSecond / taken.off[i]!.perSecond)
    const micros = (rounds: readonly Round[]) => median(rounds.map((round) => round.micros)).toFixed(0)
    return [
      {
        name: 'requests with the prediction log against without',
        ours: median(taken.on.map(({ perSecond }) => perSecond)),
        peer: median(taken.off.map(({ perSecond }) => perSecond)),
        unit: 'requests/s',
        ratio: median(ratios),
        spread: [Math.min(...ratios), Math.max(...ratios)],
        note: `wanted >= 0.97; processor time a request, server and database together: ${micros(taken.on)} µs with, ${micros(taken.off)} µs without; ${row?.n} answers in the log`,
      },
    ]
  },
}

/** The project of the stage reads it. */
async function withLog(stage: Stage, log: 'on' | 'off'): Promise<Started> {
  process.env.WEIR_BENCH_LOG = log
  try {
    return await stage.weir()
  } finally {
    delete process.env.WEIR_BENCH_LOG
  }
}
