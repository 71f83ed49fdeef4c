import type { RulesAnswer } from '../../../src/wire/alerts.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Section } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Silence, useChange } from './do.tsx'

type Rule = RulesAnswer['rules'][number]
type Channel = RulesAnswer['channels'][number]

/** The rules of the project file, with how they stand. */
export function Rules({ rules }: { rules: readonly Rule[] }) {
  const w = useWords().watch
  const columns: Column<Rule>[] = [
    { id: 'name', name: w.rule, cell: ({ name }) => name },
    { id: 'metric', name: w.figure, cell: ({ metric, says }) => <span title={says}>{metric}</span> },
    { id: 'of', name: w.of, cell: ({ on }) => (on === null ? <span className="quiet">{w.each}</span> : on.name) },
    { id: 'wrong', name: w.wrongWhen, cell: ({ condition }) => condition },
    { id: 'severity', name: w.severity, cell: ({ severity }) => <Badge>{w.severities[severity]}</Badge> },
    {
      id: 'to',
      name: w.told,
      cell: ({ to }) => (to.length === 0 ? <span className="quiet">{w.nobody}</span> : to.join(', ')),
    },
    {
      id: 'state',
      name: w.now,
      cell: ({ open, silenced_until: until }) =>
        until !== null ? (
          <Status tone="neutral">
            {w.silent} <When at={until} />
          </Status>
        ) : open > 0 ? (
          <Status tone="bad">{w.open(open)}</Status>
        ) : (
          <Status tone="good">{w.well}</Status>
        ),
    },
    { id: 'do', name: '', cell: ({ name }) => <Silence rule={name} /> },
  ]
  return (
    <Section title={w.rules} actions={<Silence rule={null} />}>
      <Table label={w.rules} columns={columns} rows={rules} keyOf={({ name }) => name} />
    </Section>
  )
}

/** Who can be told, and what did not arrive. */
export function Channels({ channels }: { channels: readonly Channel[] }) {
  const w = useWords().watch
  const change = useChange()
  const columns: Column<Channel>[] = [
    { id: 'name', name: w.channel, cell: ({ name }) => name },
    { id: 'kind', name: w.kind, cell: ({ kind }) => w.kinds[kind] },
    {
      id: 'state',
      name: w.now,
      cell: ({ waiting, problem }) =>
        waiting === 0 ? (
          <Status tone="good">{w.allArrived}</Status>
        ) : (
          <Status tone="warn">
            {w.waiting(waiting)} {problem}
          </Status>
        ),
    },
    {
      id: 'do',
      name: '',
      cell: ({ name }) => (
        <Button small look="quiet" onPress={() => void change(paths.tryChannel(name), {}, w.tried(name))}>
          {w.try}
        </Button>
      ),
    },
  ]
  return (
    <Section title={w.channels}>
      <Table label={w.channels} columns={columns} rows={channels} keyOf={({ name }) => name} />
    </Section>
  )
}
