import { useState } from 'react'
import type { GateAnswer } from '../../../src/wire/registry.ts'
import { Status } from '../../ui/badge.tsx'
import { Checkbox } from '../../ui/fields.tsx'
import { Num } from '../../ui/num.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'
import { type Compared, comparedRows } from './compared.ts'

type Metric = GateAnswer['metrics'][number]

/** What the gate says, rule by rule. */
export function Gate({ gate }: { gate: GateAnswer }) {
  const w = useWords().models
  if (gate.rules.length === 0) return <p className="quiet">{w.noGate}</p>
  return (
    <ul className="stack">
      {gate.rules.map(({ metric, passed, says }) => (
        <li key={metric + says}>
          <Status tone={passed ? 'good' : 'bad'}>{passed ? w.passes : w.refused}</Status> {says}
        </li>
      ))}
    </ul>
  )
}

/** How a version differs from the one that answers: on the same rows where that was compared, else each by its own run. */
export function Difference({ gate, version }: { gate: GateAnswer; version: number }) {
  const w = useWords().models
  const [all, setAll] = useState(false)
  if (gate.champion === null) return <p className="quiet">{w.noChampion}</p>
  const compared = comparedRows(gate.comparison)
  const both = gate.metrics.filter(({ value, champion }) => value !== null && champion !== null)
  const shown = all ? gate.metrics : both.filter(({ value, champion }) => value !== champion)
  const columns: Column<Metric>[] = [
    { id: 'metric', name: w.metric, cell: ({ metric }) => <code>{metric}</code> },
    { id: 'version', name: w.ofVersion(version), number: true, cell: ({ value }) => <Num value={value} /> },
    {
      id: 'champion',
      name: w.ofChampion(gate.champion),
      number: true,
      cell: ({ champion }) => <Num value={champion} />,
    },
    {
      id: 'change',
      name: w.change,
      number: true,
      cell: ({ value, champion }) => (value === null || champion === null ? null : <Signed value={value - champion} />),
    },
  ]
  return (
    <div className="stack">
      {compared.length > 0 && <SameRows rows={compared} champion={gate.champion} version={version} />}
      <div className="row models-spread">
        <p className="small quiet">{w.ownRows}</p>
        <Checkbox isSelected={!all} onChange={(only) => setAll(!only)}>
          {w.onlyNumbersThatDiffer}
        </Checkbox>
      </div>
      {shown.length === 0 ? (
        <p>{w.nothingDiffers}</p>
      ) : (
        <Table label={w.difference} columns={columns} rows={shown} keyOf={({ metric }) => metric} />
      )}
    </div>
  )
}

function SameRows({ rows, champion, version }: { rows: readonly Compared[]; champion: number; version: number }) {
  const w = useWords().models
  const columns: Column<Compared>[] = [
    { id: 'metric', name: w.metric, cell: ({ metric }) => <code>{metric}</code> },
    { id: 'version', name: w.ofVersion(version), number: true, cell: ({ value }) => <Num value={value} /> },
    { id: 'champion', name: w.ofChampion(champion), number: true, cell: (row) => <Num value={row.champion} /> },
    {
      id: 'change',
      name: w.change,
      number: true,
      cell: ({ difference }) => (difference === null ? null : <Signed value={difference} />),
    },
  ]
  return (
    <>
      <p className="small">{w.sameRows}</p>
      <Table label={w.sameRows} columns={columns} rows={rows} keyOf={({ metric }) => metric} />
    </>
  )
}

/** With its sign: a direction is never told by colour, which would have to know what is better. */
function Signed({ value }: { value: number }) {
  return (
    <span className="num">
      {value > 0 ? '+' : ''}
      <Num value={value} digits={4} />
    </span>
  )
}
