import { againstPeers } from './rig/against-peers.ts'
import type { Row } from './rig/row.ts'
import { FOREST } from './rig/stage.ts'

export const row: Row = {
  says: 'one connection',
  run: (stage) => againstPeers(stage, FOREST, 1, [{ peer: 'select', figure: 'p50Ms', mark: 1.3 }]),
}
