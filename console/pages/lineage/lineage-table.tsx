import { Link } from '@tanstack/react-router'
import type { LineageAnswer, LineageNode } from '../../../src/wire/lineage.ts'
import { Status, type Tone } from '../../ui/badge.tsx'
import { Num } from '../../ui/num.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { inOrder, nodeAbout, nodeTitle, periodText } from './names.ts'
import { NodeLink } from './node-link.tsx'

/** The same as the picture, for those who cannot see it or want to read it. */
export function LineageTable({ of }: { of: LineageAnswer }) {
  const w = useWords().lineage
  const columns: Column<LineageNode>[] = [
    { id: 'kind', name: w.kind, cell: ({ kind }) => w.kinds[kind] },
    { id: 'thing', name: w.thing, cell: (node) => <NodeLink of={node}>{nodeTitle(node, w.answersOf)}</NodeLink> },
    { id: 'state', name: w.state, cell: (node) => <NodeState of={node} /> },
    { id: 'at', name: w.at, cell: ({ at }) => (at === null ? null : <When at={at} />) },
    { id: 'rows', name: w.rows, number: true, cell: ({ rows }) => (rows === null ? null : <Num value={rows} />) },
    { id: 'more', name: w.more, cell: (node) => nodeAbout(node) },
    {
      id: 'its',
      name: w.its,
      cell: ({ id }) => (
        <Link to="/lineage" search={{ of: id }} aria-label={w.of(id)}>
          {w.its}
        </Link>
      ),
    },
  ]
  return (
    <Table
      label={w.asTable}
      columns={columns}
      rows={inOrder(of.nodes)}
      keyOf={({ id }) => id}
      rowTone={({ id }) => (id === of.of ? 'chosen' : undefined)}
    />
  )
}

export function NodeState({ of }: { of: LineageNode }) {
  const w = useWords().lineage
  const period = periodText(of, w.until, w.now)
  if (period !== null) return <Status tone={of.periods?.at(-1)?.to === null ? 'good' : 'neutral'}>{period}</Status>
  if (of.state === null || of.state === 'None') return null
  return <Status tone={stateTone(of.state)}>{w.states[of.state] ?? of.state}</Status>
}

const BAD = ['withdrawn', 'refused', 'FAILED', 'KILLED', 'deleted']
const GOOD = ['Production']

function stateTone(state: string): Tone {
  return BAD.includes(state) ? 'bad' : GOOD.includes(state) ? 'good' : 'neutral'
}
