import { median } from '../harness.ts'
import { loadWithoutFailure } from './rig/load.ts'
import type { Row } from './rig/row.ts'
import { ask, trainSecond } from './rig/second-version.ts'
import { BOOSTED, bodiesOf } from './rig/stage.ts'

const ROUNDS = Number(process.env.WEIR_BENCH_ROUNDS ?? 5)
const SECONDS = Number(process.env.WEIR_BENCH_SECONDS ?? 3)

type Servers = { all_swapped: boolean; promoted: number }

export const row: Row = {
  says: 'promotions while 64 clients predict: no request may fail',
  async run(stage) {
    await trainSecond(stage)
    const started = await stage.weir()
    const model = `${started.url}/models/${BOOSTED}`
    const asked = { url: `${model}/predict`, connections: 64, seconds: SECONDS, bodies: bodiesOf(stage.keys) }
    const [swaps, ratios, during, before]: [number[], number[], number[], number[]] = [[], [], [], []]
    await loadWithoutFailure(asked)
    for (let i = 0; i < ROUNDS; i++) {
      const quiet = await loadWithoutFailure(asked)
      const loaded = loadWithoutFailure(asked)
      // In the middle of the round: one second of it has passed when the first answers of the load are there.
      await ask('GET', `${model}/servers`)
      const since = performance.now()
      await ask('POST', `${model}/promotions`, {
        version: i % 2 === 0 ? 2 : 1,
        stage: 'Production',
        reason: 'a benchmark',
      })
      while (!(await ask<Servers>('GET', `${model}/servers`)).all_swapped) await new Promise(setImmediate)
      swaps.push(performance.now() - since)
      const swapped = await loaded
      before.push(quiet.p99Ms)
      during.push(swapped.p99Ms)
      ratios.push(swapped.p99Ms / quiet.p99Ms)
    }
    await stage.stop(started)
    const spread = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)]
    return [
      {
        name: `${BOOSTED}, p99 of a round with a promotion against one without, 64 clients`,
        ...{ ours: median(during), peer: median(before), unit: 'ms', ratio: median(ratios), spread: spread(ratios) },
        note: 'wanted <= 3; no request failed',
      },
      {
        name: `${BOOSTED}, from the call to the confirmation of every server, 64 clients`,
        ...{ ours: median(swaps), peer: 1000, unit: 'ms', ratio: median(swaps) / 1000 },
        spread: spread(swaps.map((ms) => ms / 1000)),
        note: 'wanted <= 1000 ms',
      },
    ]
  },
}
