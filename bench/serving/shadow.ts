import { interleaved } from '../harness.ts'
import { loadWithoutFailure } from './rig/load.ts'
import type { Row } from './rig/row.ts'
import { ask, trainSecond } from './rig/second-version.ts'
import { BOOSTED, bodiesOf } from './rig/stage.ts'

const SECONDS = Number(process.env.WEIR_BENCH_SECONDS ?? 3)

type Servers = { all_follow: boolean }
type Arms = { arms: { role: string; numbers: { rows: number; dropped: number } | null }[] }

export const row: Row = {
  says: 'boosting with a shadow and without one, 64 connections',
  async run(stage) {
    await trainSecond(stage)
    const { url, child } = await stage.weir()
    const model = `${url}/models/${BOOSTED}`
    const round = async () => {
      while (!(await ask<Servers>('GET', `${model}/servers`)).all_follow) await new Promise(setImmediate)
      const asked = { url: `${model}/predict`, connections: 64, seconds: SECONDS, bodies: bodiesOf(stage.keys) }
      return (await loadWithoutFailure(asked)).perSecond
    }
    let [computed, dropped] = [0, 0]
    await round()
    const rounds = await interleaved(
      async () => {
        await ask('PUT', `${model}/arms/2`, { role: 'shadow', reason: 'a benchmark' })
        const perSecond = await round()
        const { arms } = await ask<Arms>('GET', `${model}/arms`)
        const numbers = arms.find(({ role }) => role === 'shadow')?.numbers
        computed += numbers?.rows ?? 0
        dropped += numbers?.dropped ?? 0
        await ask('POST', `${model}/arms/2/stop`, { reason: 'a benchmark' })
        return perSecond
      },
      round,
      'more',
    )
    await stage.stop({ url, child })
    const note = `wanted >= 0.95; the shadow was asked for ${computed} rows, and not for ${dropped} that came when too many waited`
    return [{ name: `${BOOSTED} with a shadow against without`, unit: 'requests/s', ...rounds, note }]
  },
}
