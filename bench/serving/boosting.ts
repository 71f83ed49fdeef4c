import { againstPeers } from './rig/against-peers.ts'
import type { Row } from './rig/row.ts'
import { BOOSTED } from './rig/stage.ts'

export const row: Row = {
  says: 'boosting of 300 trees with 31 leaves, 64 connections',
  run: (stage) =>
    againstPeers(stage, BOOSTED, 64, [
      { peer: 'select', figure: 'perSecond', mark: 2 },
      { peer: 'echo', figure: 'perSecond', mark: 0.55 },
    ]),
}
