import type { DeliveryAnswer } from '../../../src/wire/deliveries.ts'
import { Badge } from '../../ui/badge.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'
import { Cell } from './cell.tsx'

export type Finding = DeliveryAnswer['findings'][number]

/** What the checks found, as the command line says it, each with the rows that break the rule. */
export function Findings({ of }: { of: readonly Finding[] }) {
  const w = useWords().data
  const sorted = [...of].sort((a, b) => Number(a.severity === 'warn') - Number(b.severity === 'warn'))
  return (
    <ul className="data-findings">
      {sorted.map((finding, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: findings have no name of their own
        <li key={at} className={finding.severity}>
          <div className="row">
            <Badge tone={finding.severity === 'error' ? 'bad' : 'warn'}>{w.severities[finding.severity]}</Badge>
            <code>{finding.rule}</code>
            {finding.column && <code>{finding.column}</code>}
          </div>
          <p className="data-message">{finding.message}</p>
          {finding.rows.length > 0 && <FailingRows of={finding} label={`${w.rows} ${at + 1}: ${finding.rule}`} />}
        </li>
      ))}
    </ul>
  )
}

function FailingRows({ of: { rows, count }, label }: { of: Finding; label: string }) {
  const w = useWords().data
  const columns: Column<Finding['rows'][number] & { at: number }>[] = [
    { id: 'line', name: w.line, number: true, cell: ({ line }) => line },
    { id: 'key', name: w.key, cell: ({ key }) => key && <code>{key}</code> },
    { id: 'value', name: w.value, cell: ({ value }) => <Cell text={value} /> },
  ]
  return (
    <details open={rows.length <= 5}>
      <summary className="quiet small">{w.rowsThatBreak(rows.length, count)}</summary>
      <Table label={label} columns={columns} rows={rows.map((row, at) => ({ ...row, at }))} keyOf={({ at }) => at} />
    </details>
  )
}
