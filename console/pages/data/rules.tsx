import type { SourceAnswer } from '../../../src/wire/snapshots.ts'
import { Badge } from '../../ui/badge.tsx'
import { Code } from '../../ui/code.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useWords } from '../../words/words.tsx'

/** What the project declares of a source: columns, key, rules, format, and who reads it. */
export function Rules({ of }: { of: SourceAnswer }) {
  const w = useWords().data
  const columns: Column<SourceAnswer['columns'][number]>[] = [
    { id: 'name', name: w.column, cell: (c) => <code>{c.name}</code> },
    { id: 'type', name: w.type, cell: (c) => c.type },
    { id: 'key', name: w.key, cell: (c) => (of.key.includes(c.name) ? <Badge tone="accent">{w.key}</Badge> : null) },
  ]
  const rules: Column<SourceAnswer['checks'][number]>[] = [
    { id: 'rule', name: w.rule, cell: (c) => <code>{c.rule}</code> },
    { id: 'column', name: w.column, cell: (c) => c.column && <code>{c.column}</code> },
    { id: 'says', name: w.says, cell: (c) => c.says },
    {
      id: 'severity',
      name: w.severity,
      cell: (c) => <Badge tone={c.severity === 'error' ? 'bad' : 'warn'}>{w.severities[c.severity]}</Badge>,
    },
  ]
  const unusual = Object.keys(of.format).length > 0
  return (
    <div className="data-two">
      <Section title={w.columns}>
        <Table label={w.columns} columns={columns} rows={of.columns} keyOf={(c) => c.name} />
      </Section>
      <div className="data-stack">
        <Section title={w.rules}>
          {of.checks.length === 0 ? (
            <Empty title={w.noRules} />
          ) : (
            <Table
              label={w.rules}
              columns={rules}
              rows={of.checks}
              keyOf={(c) => `${c.rule} ${c.column ?? ''} ${c.says ?? ''}`}
            />
          )}
        </Section>
        <Section>
          <KeyValues
            items={[
              [w.file, of.file ?? undefined],
              [w.views, of.views.join(', ') || undefined],
              [w.labels, of.labels.join(', ') || undefined],
            ]}
          />
          {unusual && <Code text={JSON.stringify(of.format, null, 2)} label={w.format} />}
        </Section>
      </div>
    </div>
  )
}
