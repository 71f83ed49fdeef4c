import { type BenchResult, interleaved } from '../harness.ts'
import { loadWithoutFailure } from './rig/load.ts'
import type { Row } from './rig/row.ts'
import { bodiesOf, FOREST, type Stage } from './rig/stage.ts'

const KEYS = 100
const SECONDS = 3
const MARK = 10

export const row: Row = {
  says: `batches of ${KEYS} keys against single calls, keys a second`,
  async run(stage) {
    const { url } = await stage.weir()
    const batch = `${url}/models/${FOREST}/predict/batch`
    const single = `${url}/models/${FOREST}/predict`
    const results: BenchResult[] = []
    for (const connections of [1, 8]) {
      const ask = (to: string, bodies: readonly string[]) =>
        loadWithoutFailure({ url: to, connections, seconds: SECONDS, bodies })
      await ask(batch, batchesOf(stage))
      const rounds = await interleaved(
        async () => KEYS * (await ask(batch, batchesOf(stage))).perSecond,
        async () => (await ask(single, bodiesOf(stage.keys))).perSecond,
        'more',
      )
      const name = `${KEYS} keys a call against one, ${connections} connection${connections > 1 ? 's' : ''}`
      results.push({ name, ...rounds, unit: 'keys/s', note: `wanted >= ${MARK}` })
    }
    return results
  },
}

function batchesOf({ keys }: Stage): string[] {
  return Array.from({ length: Math.floor(keys.length / KEYS) }, (_, i) =>
    JSON.stringify({ user_ids: keys.slice(i * KEYS, (i + 1) * KEYS) }),
  )
}
