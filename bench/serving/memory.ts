import { memoryOf } from '../processes.ts'
import { loadWithoutFailure } from './rig/load.ts'
import type { Row } from './rig/row.ts'
import { BOOSTED, bodiesOf, FOREST } from './rig/stage.ts'

const SECONDS = 10
const MEGABYTES_MAX = 250

export const row: Row = {
  says: 'memory of the serving process after the load',
  async run(stage) {
    const { url, child } = await stage.weir()
    const memory = () => memoryOf(child.pid!, '/nothing')
    const before = memory()
    for (const model of [FOREST, BOOSTED]) {
      const path = `${url}/models/${model}/predict`
      await loadWithoutFailure({ url: path, connections: 64, seconds: SECONDS, bodies: bodiesOf(stage.keys) })
    }
    const ours = memory()
    const note = `wanted <= ${MEGABYTES_MAX} MB, which is the peer; ${before.toFixed(0)} MB before; two models, ${2 * SECONDS} s, 64 connections`
    return [{ name: 'memory after the load', ours, peer: MEGABYTES_MAX, unit: 'MB', ratio: ours / MEGABYTES_MAX, note }]
  },
}
