import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { VersionAnswer } from '../../../src/wire/registry.ts'
import { paths } from '../../api/paths.ts'
import { Badge } from '../../ui/badge.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Num } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Difference, Gate } from './difference.tsx'
import { AliasBadge, StageBadge } from './parts.tsx'
import { PromotionDialog } from './promotion-dialog.tsx'
import { gateQuery, modelQuery, versionQuery } from './queries.ts'
import './models.css'

const FROM = '/models/$name/versions/$version'

/** One version: where it stands, what it measured, its card, what it takes and gives. */
export function Page() {
  const w = useWords().models
  const { name, version } = useParams({ from: FROM })
  const { promote, tab } = useSearch({ from: FROM })
  const navigate = useNavigate()
  const found = useQuery(versionQuery(name, version))
  const model = useQuery(modelQuery(name))
  const close = () => void navigate({ to: FROM, params: { name, version }, search: { tab } })
  return (
    <Frame
      title={`${name} ${version}`}
      crumbs={[
        { title: w.title, to: '/models' },
        { title: name, to: `/models/${encodeURIComponent(name)}` },
      ]}
      about={found.data && <About version={found.data} />}
      actions={
        found.data && (
          <Link className="button main" to={FROM} params={{ name, version }} search={{ tab, promote: '1' }}>
            {w.promote}
          </Link>
        )
      }
    >
      <Answer of={found}>
        {(answer) => (
          <>
            <Facts version={answer} />
            <Parts version={answer} />
            {promote !== undefined && model.data && (
              <PromotionDialog model={model.data} version={answer.version} onClose={close} />
            )}
          </>
        )}
      </Answer>
    </Frame>
  )
}

function About({ version: { stage, aliases, own_files, created_at } }: { version: VersionAnswer }) {
  const w = useWords().models
  return (
    <span className="row">
      <StageBadge stage={stage} />
      {aliases.map((alias) => (
        <AliasBadge key={alias} alias={alias} />
      ))}
      {!own_files && <Badge tone="warn">{w.elsewhere}</Badge>}
      <When at={created_at} />
    </span>
  )
}

function Facts({ version: found }: { version: VersionAnswer }) {
  const w = useWords().models
  const { run_id: runId, experiment_id: experimentId, run_name: runName, description, source, status, tags } = found
  const run =
    runId && experimentId ? (
      <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId, runId }}>
        {runName ?? runId}
      </Link>
    ) : (
      (runId ?? undefined)
    )
  const tagged = Object.entries(tags)
  return (
    <Section>
      <KeyValues
        items={[
          [w.run, run],
          [w.description, description === '' ? undefined : description],
          [w.source, <code key="source">{source}</code>],
          [w.status, status === 'READY' ? undefined : status],
          [w.tags, tagged.length === 0 ? undefined : tagged.map(([key, value]) => `${key}: ${value}`).join(' · ')],
        ]}
      />
    </Section>
  )
}

function Parts({ version: found }: { version: VersionAnswer }) {
  const w = useWords().models
  const { tab = 'evaluation' } = useSearch({ from: FROM })
  const { name, version } = useParams({ from: FROM })
  const navigate = useNavigate()
  return (
    <Tabs
      label={`${name} ${version}`}
      chosen={tab}
      onChoose={(id) =>
        void navigate({ to: FROM, params: { name, version }, search: { tab: id as typeof tab }, replace: true })
      }
      items={[
        { id: 'evaluation', name: w.evaluation, content: () => <Evaluation name={name} version={found} /> },
        { id: 'card', name: w.card, content: () => <Card name={name} version={found} /> },
        { id: 'signature', name: w.signature, content: () => <Signature version={found} /> },
        { id: 'params', name: w.params, content: () => <Params version={found} /> },
      ]}
    />
  )
}

function Evaluation({ name, version: { version, metrics } }: { name: string; version: VersionAnswer }) {
  const w = useWords().models
  const gate = useQuery(gateQuery(name, version))
  return (
    <div className="stack">
      <Answer of={gate}>
        {(verdict) => (
          <>
            <Section title={w.gate}>
              <Gate gate={verdict} />
            </Section>
            <Section title={w.difference}>
              <Difference gate={verdict} version={version} />
            </Section>
          </>
        )}
      </Answer>
      <Section title={w.evaluation}>
        {metrics.length === 0 ? (
          <p className="quiet">{w.noMetrics}</p>
        ) : (
          <Table
            label={w.evaluation}
            rows={metrics}
            keyOf={({ metric }) => metric}
            columns={[
              { id: 'metric', name: w.metric, cell: ({ metric }) => <code>{metric}</code> },
              { id: 'value', name: w.versionOf(version), number: true, cell: ({ value }) => <Num value={value} /> },
            ]}
          />
        )}
      </Section>
    </div>
  )
}

/** The card is a page of its own, without scripts; it stands in a frame that may run and reach nothing. */
function Card({ name, version: { version, has_card } }: { name: string; version: VersionAnswer }) {
  const w = useWords().models
  if (!has_card) return <Empty title={w.noCard} />
  const url = paths.modelCard(name, version)
  return (
    <div className="stack">
      <p>
        <a href={url} target="_blank" rel="noreferrer">
          {w.openCard}
        </a>
      </p>
      <iframe className="models-card" title={w.card} src={url} sandbox="" />
    </div>
  )
}

function Signature({ version: { signature } }: { version: VersionAnswer }) {
  const w = useWords().models
  if (signature === null) return <Empty title={w.noSignature} />
  return (
    <div className="stack">
      {(['inputs', 'outputs'] as const).map((side) => (
        <Section key={side} title={w[side]}>
          <Table
            label={w[side]}
            rows={signature[side]}
            keyOf={({ name }) => name}
            columns={[
              { id: 'name', name: w[side], cell: ({ name }) => <code>{name}</code> },
              { id: 'type', name: w.type, cell: ({ type }) => type },
              { id: 'optional', name: '', cell: ({ optional }) => (optional ? w.optional : '') },
            ]}
          />
        </Section>
      ))}
    </div>
  )
}

function Params({ version: { params } }: { version: VersionAnswer }) {
  const w = useWords().models
  if (params.length === 0) return <Empty title={w.noMetrics} />
  return (
    <Section title={w.params}>
      <KeyValues items={params.map(({ key, value }) => [key, value] as const)} />
    </Section>
  )
}
