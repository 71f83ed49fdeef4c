import { againstPeers } from './rig/against-peers.ts'
import type { Row } from './rig/row.ts'
import { FOREST } from './rig/stage.ts'

export const row: Row = {
  says: '8 connections',
  run: (stage) => againstPeers(stage, FOREST, 8, [{ peer: 'select', figure: 'p99Ms', mark: 2 }]),
}
