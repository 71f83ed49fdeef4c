import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ModelsAnswer } from '../../../src/wire/registry.ts'
import { Badge } from '../../ui/badge.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Place, VersionLink } from './parts.tsx'
import { modelsQuery } from './queries.ts'
import './models.css'

type Model = ModelsAnswer['models'][number]
type Gone = ModelsAnswer['deleted'][number]

/** All models: what answers for each, what waits; and those that were deleted. */
export function Page() {
  const w = useWords().models
  const models = useQuery(modelsQuery)
  const columns = useColumns()
  return (
    <Frame title={w.title}>
      <Answer of={models}>
        {({ models: all, deleted }) => (
          <>
            {all.length === 0 ? (
              <Empty title={w.none} what={w.noneWhat}>
                <Link className="button main" to="/train">
                  {w.train}
                </Link>
              </Empty>
            ) : (
              <Section>
                <Table label={w.title} columns={columns} rows={all} keyOf={({ name }) => name} />
              </Section>
            )}
            {deleted.length > 0 && <Deleted models={deleted} />}
          </>
        )}
      </Answer>
    </Frame>
  )
}

function useColumns(): Column<Model>[] {
  const w = useWords().models
  return [
    {
      id: 'name',
      name: w.name,
      cell: ({ name, in_project, waiting }) => (
        <span className="row">
          <Link to="/models/$name" params={{ name }}>
            {name}
          </Link>
          {!in_project && <Badge>{w.notInProject}</Badge>}
          {waiting > 0 && <Badge tone="warn">{w.waiting(waiting)}</Badge>}
        </span>
      ),
    },
    {
      id: 'answers',
      name: w.answers,
      number: true,
      cell: ({ name, production }) =>
        production === null ? (
          <span className="quiet">{w.nobody}</span>
        ) : (
          <VersionLink name={name} version={production} />
        ),
    },
    {
      id: 'stages',
      name: `${w.stages} · ${w.aliases}`,
      cell: ({ name, stages, aliases }) => (
        <span className="row">
          {stages.map(({ stage, version }) => (
            <Place key={stage} name={name} version={version} stage={stage} />
          ))}
          {aliases.map(({ alias, version }) => (
            <Place key={alias} name={name} version={version} alias={alias} />
          ))}
        </span>
      ),
    },
    {
      id: 'newest',
      name: w.newest,
      number: true,
      cell: ({ name, newest }) => newest !== null && <VersionLink name={name} version={newest} />,
    },
    { id: 'versions', name: w.versions, number: true, cell: ({ versions }) => versions },
    { id: 'updated', name: w.updated, cell: ({ updated_at }) => <When at={updated_at} /> },
  ]
}

function Deleted({ models }: { models: readonly Gone[] }) {
  const w = useWords().models
  const columns: Column<Gone>[] = [
    {
      id: 'name',
      name: w.name,
      cell: ({ name }) => (
        <Link to="/models/$name" params={{ name }}>
          {name}
        </Link>
      ),
    },
    { id: 'when', name: w.when, cell: ({ deleted_at }) => <When at={deleted_at} /> },
    { id: 'by', name: w.deletedBy, cell: ({ by }) => by },
  ]
  return (
    <Section title={w.deleted} about={w.deletedWhat}>
      <Table label={w.deleted} columns={columns} rows={models} keyOf={({ name }) => name} />
    </Section>
  )
}
