import { useQuery } from '@tanstack/react-query'
import type { ServersAnswer } from '../../../src/wire/registry.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Answer } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { serversQuery } from './queries.ts'

type Server = ServersAnswer['servers'][number]

/** In one line: whether every server answers with the promoted version. */
export function Swapped({ promoted, servers, all_swapped: all }: ServersAnswer) {
  const w = useWords().models
  if (promoted === null) return <Status tone="neutral">{w.nothingPromoted}</Status>
  if (servers.length === 0) return <Status tone="warn">{w.noServers}</Status>
  if (all) return <Status tone="good">{w.allSwapped(servers.length, promoted)}</Status>
  const done = servers.filter(({ version }) => version === promoted).length
  return <Status tone="warn">{w.swapping(done, servers.length, promoted)}</Status>
}

/** The processes that answer, each with what it says of itself. */
export function Servers({ name }: { name: string }) {
  const w = useWords().models
  const servers = useQuery(serversQuery(name))
  const columns: Column<Server>[] = [
    {
      id: 'server',
      name: w.server,
      cell: ({ host, pid, here }) => (
        <span className="row">
          {host} · {pid} {here && <Badge>{w.here}</Badge>}
        </span>
      ),
    },
    {
      id: 'version',
      name: w.version,
      number: true,
      cell: ({ version }) => version ?? <span className="quiet">{w.nobody}</span>,
    },
    { id: 'since', name: w.since, cell: ({ since }) => <When at={since} /> },
    { id: 'problem', name: w.problem, cell: ({ problem }) => problem },
  ]
  return (
    <Answer of={servers}>
      {(answer) => (
        <div className="stack">
          <p aria-live="polite">
            <Swapped {...answer} />
          </p>
          {answer.servers.length > 0 && (
            <Table label={w.servers} columns={columns} rows={answer.servers} keyOf={({ id }) => id} />
          )}
        </div>
      )}
    </Answer>
  )
}
