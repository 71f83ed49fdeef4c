import { againstPeers } from './rig/against-peers.ts'
import type { Row } from './rig/row.ts'
import { FOREST } from './rig/stage.ts'

export const row: Row = {
  says: 'a forest of 300 deep trees, 64 connections',
  run: (stage) =>
    againstPeers(stage, FOREST, 64, [
      { peer: 'select', figure: 'perSecond', mark: 1.4 },
      { peer: 'echo', figure: 'perSecond', mark: 0.4 },
    ]),
}
