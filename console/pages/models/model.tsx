import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { ModelAnswer, VersionRow } from '../../../src/wire/registry.ts'
import { ApiError } from '../../api/client.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Arms } from './arms.tsx'
import { Requests, WayBack } from './decisions.tsx'
import { AliasBadge, StageBadge, VersionLink } from './parts.tsx'
import { PromotionDialog } from './promotion-dialog.tsx'
import { historyQuery, modelQuery, versionsQuery } from './queries.ts'
import { Servers } from './servers.tsx'
import { Timeline } from './timeline.tsx'
import './models.css'

/** One model: what answers and where, what waits, its versions, and its whole history. */
export function Page() {
  const { models: w, arms } = useWords()
  const { name } = useParams({ from: '/models/$name' })
  const { promote } = useSearch({ from: '/models/$name' })
  const navigate = useNavigate()
  const model = useQuery(modelQuery(name))
  const gone = model.error instanceof ApiError && model.error.status === 404
  const close = () => void navigate({ to: '/models/$name', params: { name }, search: {} })
  return (
    <Frame
      title={name}
      crumbs={[{ title: w.title, to: '/models' }]}
      about={model.data && <About model={model.data} />}
      actions={
        model.data?.previous != null && (
          <WayBack name={name} previous={model.data.previous} now={model.data.production} />
        )
      }
    >
      {gone ? (
        <History name={name} dead />
      ) : (
        <Answer of={model}>
          {(answer) => (
            <>
              <Requests name={name} />
              {answer.in_project && (
                <Section title={arms.title} about={arms.what}>
                  <Arms name={name} />
                </Section>
              )}
              {answer.in_project && (
                <Section title={w.servers} about={w.serversWhat}>
                  <Servers name={name} />
                </Section>
              )}
              <Versions name={name} />
              <History name={name} />
              <History name={name} dead />
              {promote !== undefined && /^[1-9]\d{0,8}$/.test(promote) && (
                <PromotionDialog model={answer} version={Number(promote)} onClose={close} />
              )}
            </>
          )}
        </Answer>
      )}
    </Frame>
  )
}

function About({ model: { production, aliases, promotion, description, name } }: { model: ModelAnswer }) {
  const words = useWords()
  const w = words.models
  return (
    <span className="row">
      {production === null ? (
        <span className="quiet">{w.nothingPromoted}</span>
      ) : (
        <span>
          {w.answers}: <VersionLink name={name} version={production} />
        </span>
      )}
      {aliases.map(({ alias, version }) => (
        <span key={alias} className="models-place">
          <AliasBadge alias={alias} /> <VersionLink name={name} version={version} />
        </span>
      ))}
      <Link to="/models/$name/predictions" params={{ name }}>
        {words.predictions.title}
      </Link>
      <Link to="/models/$name/timeline" params={{ name }}>
        {words.timeline.title}
      </Link>
      {promotion.approvals > 0 && <Badge tone="info">{w.approvals}</Badge>}
      {description && <span>{description}</span>}
    </span>
  )
}

function Versions({ name }: { name: string }) {
  const w = useWords().models
  const { before } = useSearch({ from: '/models/$name' })
  const versions = useQuery(versionsQuery(name, before ?? null))
  const columns: Column<VersionRow>[] = [
    {
      id: 'version',
      name: w.version,
      number: true,
      cell: ({ version }) => <VersionLink name={name} version={version} />,
    },
    { id: 'stage', name: w.stage, cell: ({ stage }) => <StageBadge stage={stage} /> },
    {
      id: 'aliases',
      name: w.aliases,
      cell: ({ aliases }) => (
        <span className="row">
          {aliases.map((alias) => (
            <AliasBadge key={alias} alias={alias} />
          ))}
        </span>
      ),
    },
    { id: 'created', name: w.created, cell: ({ created_at }) => <When at={created_at} /> },
    { id: 'description', name: w.description, cell: ({ description }) => description },
    {
      id: 'promote',
      name: <span className="unseen">{w.promote}</span>,
      cell: ({ version }) => (
        <Link className="button small" to="/models/$name" params={{ name }} search={{ promote: String(version) }}>
          {w.promote}
          <span className="unseen"> {w.versionOf(version)}</span>
        </Link>
      ),
    },
  ]
  return (
    <Section title={w.versions}>
      <Answer of={versions}>
        {({ versions: rows, next_page_token: next }) => (
          <>
            {rows.length === 0 ? (
              <Empty title={w.noVersions} what={w.noneWhat} />
            ) : (
              <Table label={w.versions} columns={columns} rows={rows} keyOf={({ version }) => version} />
            )}
            {next !== null && (
              <Link className="button" to="/models/$name" params={{ name }} search={{ before: next }}>
                {w.more}
              </Link>
            )}
          </>
        )}
      </Answer>
    </Section>
  )
}

/** Of the model itself, or of those that had its name and were deleted: these are never shown as its own. */
function History({ name, dead = false }: { name: string; dead?: boolean }) {
  const w = useWords().models
  const history = useQuery(historyQuery(name, dead))
  if (dead && history.data?.transitions.length === 0) return null
  const failed = dead && history.error instanceof ApiError && history.error.status === 404
  return (
    <Section title={dead ? w.historyOfDeleted : w.history} about={dead ? w.deletedWhat : undefined}>
      {failed ? (
        <Empty title={w.noHistory}>
          <Button onPress={() => void history.refetch()}>{w.title}</Button>
        </Empty>
      ) : (
        <Answer of={history}>
          {({ transitions }) =>
            transitions.length === 0 ? (
              <p className="quiet">{w.noHistory}</p>
            ) : (
              <Timeline name={name} lines={transitions} dead={dead} />
            )
          }
        </Answer>
      )}
    </Section>
  )
}
