import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { AuditAnswer, AuditEntry, LiveAnswer, VerifyAnswer } from '../../../src/wire/audit.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Slider } from '../../ui/choices.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Broken, Empty, Loading } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { changeText, dayBefore } from './audit-text.ts'
import './audit.css'

const FROM = '/settings/audit'

/** Who changed what; what was live at a moment; whether the trail is whole. */
export function Page() {
  const w = useWords().audit
  const { tab = 'rows' } = useSearch({ from: FROM })
  const navigate = useNavigate({ from: FROM })
  return (
    <Frame title={w.title} crumbs={[{ title: w.settings, to: '/settings' }]}>
      <Tabs
        label={w.title}
        chosen={tab}
        onChoose={(id) =>
          void navigate({ to: FROM, search: (now) => ({ ...now, tab: id as typeof tab }), replace: true })
        }
        items={[
          { id: 'rows', name: w.rows, content: () => <Rows /> },
          { id: 'live', name: w.live, content: () => <Live /> },
          { id: 'verify', name: w.whole, content: () => <Verify /> },
        ]}
      />
    </Frame>
  )
}

const FILTERS = ['model', 'actor', 'action', 'on', 'since', 'until'] as const

function Rows() {
  const w = useWords().audit
  const search = useSearch({ from: FROM })
  const navigate = useNavigate({ from: FROM })
  const { model, actor, action, on, since, until, before } = search
  const filter = { model, actor, action, on, since, until }
  const entries = useQuery({
    queryKey: ['audit', 'rows', filter, before],
    queryFn: ({ signal }) => get<AuditAnswer>(paths.audit({ ...filter, page_token: before }), signal),
  })
  const names = { model: w.model, actor: w.who, action: w.action, on: w.on, since: w.since, until: w.until }
  const set = (name: (typeof FILTERS)[number], value: string) =>
    void navigate({
      to: FROM,
      search: (now) => ({ ...now, [name]: value === '' ? undefined : value, before: undefined }),
      replace: true,
    })
  return (
    <Section>
      <div className="audit-filters">
        {FILTERS.map((name) => (
          <TextField key={name} label={names[name]} value={search[name] ?? ''} onChange={(value) => set(name, value)} />
        ))}
      </div>
      <Answer of={entries}>
        {({ entries: rows, next_page_token: next }) => (
          <>
            {rows.length === 0 ? (
              <Empty title={w.none} what={w.noneWhat} />
            ) : (
              <Table label={w.rows} columns={rowColumns(w)} rows={rows} keyOf={({ seq }) => seq} />
            )}
            <div className="row">
              {before !== undefined && (
                <Link className="button" to={FROM} search={{ ...search, before: undefined }}>
                  {w.newest}
                </Link>
              )}
              {next !== null && (
                <Link className="button" to={FROM} search={{ ...search, before: next }}>
                  {w.more}
                </Link>
              )}
            </div>
          </>
        )}
      </Answer>
    </Section>
  )
}

type Words = ReturnType<typeof useWords>['audit']

function rowColumns(w: Words): Column<AuditEntry>[] {
  return [
    { id: 'seq', name: '#', number: true, cell: ({ seq }) => seq },
    { id: 'when', name: w.when, cell: ({ at }) => <When at={at} /> },
    {
      id: 'who',
      name: w.who,
      cell: ({ actor, actor_kind: kind }) => (
        <span>
          {actor}
          {kind === 'flow' && <span className="quiet"> · {w.flow}</span>}
          {kind === 'history' && <span className="quiet"> · {w.history}</span>}
        </span>
      ),
    },
    { id: 'what', name: w.what, cell: ({ action, says }) => <span title={says}>{action}</span> },
    {
      id: 'on',
      name: w.on,
      cell: ({ on, model }) =>
        model === null ? (
          <span>
            {on.kind} <code>{on.name}</code>
          </span>
        ) : (
          <Link to="/models/$name" params={{ name: model }}>
            {on.kind === 'flow' ? model : on.name}
          </Link>
        ),
    },
    { id: 'change', name: w.change, cell: (entry) => changeText(entry) },
    {
      id: 'why',
      name: w.why,
      cell: ({ why, why_erased: erased }) => (erased ? <span className="quiet">{w.erased}</span> : why),
    },
    { id: 'from', name: w.from, cell: ({ origin }) => origin },
  ]
}

const DAYS = 365

function Live() {
  const w = useWords().audit
  const search = useSearch({ from: FROM })
  const navigate = useNavigate({ from: FROM })
  const [days, setDays] = useState(0)
  const at = search.at ?? dayBefore(days)
  const live = useQuery({
    queryKey: ['audit', 'live', at, search.model],
    queryFn: ({ signal }) => get<LiveAnswer>(paths.auditLive(at, search.model), signal),
  })
  const set = (moment: string | undefined) =>
    void navigate({ to: FROM, search: (now) => ({ ...now, at: moment }), replace: true })
  return (
    <Section>
      <div className="audit-filters">
        <TextField label={w.at} help={w.atHelp} value={at} onChange={(text) => set(text === '' ? undefined : text)} />
        <Slider
          label={w.slide}
          min={0}
          max={DAYS}
          value={days}
          text={w.ago(days)}
          onChange={(next) => {
            setDays(next)
            set(dayBefore(next))
          }}
        />
      </div>
      <Answer of={live}>{(answer) => <Standing answer={answer} />}</Answer>
    </Section>
  )
}

function Standing({ answer: { standing, at, trail_begins: begins } }: { answer: LiveAnswer }) {
  const w = useWords().audit
  const columns: Column<LiveAnswer['standing'][number]>[] = [
    {
      id: 'model',
      name: w.model,
      cell: ({ model, deleted_at: deleted, renamed_to: renamed }) => (
        <span className="row">
          <Link to="/models/$name" params={{ name: renamed ?? model }}>
            {model}
          </Link>
          {deleted !== null && <Badge tone="warn">{w.deletedAt}</Badge>}
          {renamed !== null && <Badge>{w.renamedTo(renamed)}</Badge>}
        </span>
      ),
    },
    { id: 'place', name: w.place, cell: ({ kind, place }) => (kind === 'alias' ? `@${place}` : place) },
    { id: 'version', name: w.version, number: true, cell: ({ version }) => version },
    { id: 'since', name: w.since, cell: ({ since }) => <When at={since} exact /> },
    { id: 'by', name: w.by, cell: ({ by }) => by },
    { id: 'why', name: w.why, cell: ({ why }) => why },
  ]
  return (
    <>
      {(begins === null || at < begins) && <p className="small quiet">{w.beforeTrail}</p>}
      {standing.length === 0 ? (
        <Empty title={w.nothingLive} />
      ) : (
        <Table label={w.live} columns={columns} rows={standing} keyOf={({ seq }) => seq} />
      )}
    </>
  )
}

function Verify() {
  const w = useWords().audit
  const verdict = useQuery({
    queryKey: ['audit', 'verify'],
    queryFn: ({ signal }) => get<VerifyAnswer>(paths.auditVerify(), signal),
    enabled: false,
  })
  const { data, error, isFetching } = verdict
  return (
    <Section>
      <p className="small">{w.verifyWhat}</p>
      <div>
        <Button look="main" isDisabled={isFetching} onPress={() => void verdict.refetch()}>
          {w.verify}
        </Button>
      </div>
      {isFetching && <Loading />}
      {error !== null && <Broken error={error} />}
      {data && !isFetching && <Verdict verdict={data} />}
    </Section>
  )
}

function Verdict({ verdict: { whole, rows, noted, head, faults, reasons_erased: erased } }: { verdict: VerifyAnswer }) {
  const w = useWords().audit
  return (
    <div className="stack" role="status">
      <p>
        <Status tone={whole ? 'good' : 'bad'}>{whole ? w.isWhole(rows, noted) : w.notWhole(faults.length)}</Status>
      </p>
      {faults.length > 0 && (
        <ul className="audit-faults">
          {faults.map(({ what }) => (
            <li key={what}>{what}</li>
          ))}
        </ul>
      )}
      {erased > 0 && <p>{w.reasonsErased(erased)}</p>}
      {whole && (
        <p>
          {w.ends} <code>{`${head.seq}:${head.hash}`}</code>
          <br />
          <span className="small quiet">{w.endsWhat}</span>
        </p>
      )}
    </div>
  )
}
