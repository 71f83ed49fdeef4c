import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { RunAnswer } from '../../../src/wire/run.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge, Status } from '../../ui/badge.tsx'
import { TextField } from '../../ui/fields.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Num } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { toneOf } from '../experiments/run-cell.tsx'

/** What the run logged by name, its versions, and the runs around it. */
export function Logged({ data, find, onFind }: { data: RunAnswer; find: string; onFind: (find: string) => void }) {
  const w = useWords().run
  const has = ({ key }: { key: string }) => key.toLowerCase().includes(find.toLowerCase())
  const [metrics, params, tags] = [data.metrics.filter(has), data.params.filter(has), data.tags.filter(has)]
  const pairs = (label: string, name: string, none: string, all: number, rows: RunAnswer['params']) =>
    rows.length === 0 ? (
      <Empty title={all === 0 ? none : w.nothingFound} />
    ) : (
      <Table
        label={label}
        rows={rows}
        keyOf={({ key }) => key}
        columns={[
          { id: 'key', name, cell: ({ key }) => <span className="run-name">{key}</span> },
          { id: 'value', name: w.value, cell: ({ value }) => <span className="run-value">{value}</span> },
        ]}
      />
    )
  return (
    <>
      <div className="run-find">
        <TextField label={w.find} labelUnseen placeholder={w.find} value={find} onChange={onFind} type="search" />
      </div>
      <div className="run-columns">
        <Section title={w.metrics}>
          {metrics.length === 0 ? (
            <Empty title={data.metrics.length === 0 ? w.noMetrics : w.nothingFound} />
          ) : (
            <Table
              label={w.metrics}
              rows={metrics}
              keyOf={({ key }) => key}
              columns={[
                { id: 'key', name: w.metric, cell: ({ key }) => <span className="run-name">{key}</span> },
                { id: 'latest', name: w.latest, number: true, cell: ({ latest }) => <Num value={Number(latest)} /> },
                {
                  id: 'least',
                  name: w.least,
                  number: true,
                  cell: ({ least, points }) => points > 1 && <Num value={Number(least)} />,
                },
                {
                  id: 'greatest',
                  name: w.greatest,
                  number: true,
                  cell: ({ greatest, points }) => points > 1 && <Num value={Number(greatest)} />,
                },
                { id: 'step', name: w.step, number: true, cell: ({ step }) => <Num value={step} /> },
                { id: 'points', name: w.points, number: true, cell: ({ points }) => <Num value={points} /> },
              ]}
            />
          )}
        </Section>
        <Section title={w.params}>{pairs(w.params, w.param, w.noParams, data.params.length, params)}</Section>
      </div>
      <Versions data={data} />
      <Around data={data} />
      <Section title={w.tags}>{pairs(w.tags, w.tag, w.noTags, data.tags.length, tags)}</Section>
    </>
  )
}

type FoundVersions = {
  model_versions?: { name: string; version: string; current_stage: string; creation_timestamp: number }[]
}

function Versions({ data }: { data: RunAnswer }) {
  const w = useWords().run
  const { id } = data.run
  const asked = useQuery({
    queryKey: ['models', 'of run', id],
    queryFn: ({ signal }) => get<FoundVersions>(paths.versionsOfRun(id), signal),
  })
  const versions = asked.data?.model_versions ?? []
  if (versions.length === 0) return null
  return (
    <Section title={w.versions}>
      <ul className="run-list">
        {versions.map(({ name, version, current_stage, creation_timestamp }) => (
          <li key={`${name}/${version}`}>
            <Link to="/models/$name/versions/$version" params={{ name, version }}>
              {name} {version}
            </Link>{' '}
            {current_stage !== 'None' && (
              <Badge tone={current_stage === 'Production' ? 'good' : 'neutral'}>{current_stage}</Badge>
            )}{' '}
            <When at={creation_timestamp} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** The run that it is nested in, those nested in it, and the models that it logged or used. */
function Around({ data }: { data: RunAnswer }) {
  const w = useWords().run
  const { parent, children, children_in_all: inAll, models, run } = data
  const link = (runId: string, name: string) => (
    <Link to="/experiments/$experimentId/runs/$runId" params={{ experimentId: run.experiment.id, runId }}>
      {name}
    </Link>
  )
  return (
    <>
      {(parent || models.made.length > 0 || models.used.length > 0) && (
        <Section>
          <KeyValues
            items={[
              [w.parent, parent ? link(parent.id, parent.name) : undefined],
              [
                w.models,
                models.made.length + models.used.length === 0
                  ? undefined
                  : [
                      ...models.made.map(({ name, id }) => `${name} (${id})`),
                      ...models.used.map((id) => `${id} (${w.used})`),
                    ].join(', '),
              ],
            ]}
          />
        </Section>
      )}
      {children.length > 0 && (
        <Section title={w.children} about={inAll > children.length ? w.childrenOf(children.length, inAll) : undefined}>
          <Table
            label={w.children}
            rows={children}
            keyOf={({ id }) => id}
            columns={[
              { id: 'name', name: w.name, cell: ({ id, name }) => link(id, name) },
              {
                id: 'state',
                name: w.state,
                cell: ({ status }) => <Status tone={toneOf(status)}>{w.states[status] ?? status}</Status>,
              },
              { id: 'started', name: w.started, cell: ({ started_at: at }) => <When at={at} /> },
            ]}
          />
        </Section>
      )}
    </>
  )
}
