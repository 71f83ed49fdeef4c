import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { RecordedAnswer } from '../../../src/wire/recorded.ts'
import type { RunAnswer } from '../../../src/wire/run.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Badge } from '../../ui/badge.tsx'
import { Code } from '../../ui/code.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Num } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'

/** What the run was made from: datasets, snapshots, code, and where it ran. */
export function Origin({ data }: { data: RunAnswer }) {
  const w = useWords().run
  const { id } = data.run
  const asked = useQuery({
    queryKey: ['runs', id, 'recorded'],
    queryFn: ({ signal }) => get<RecordedAnswer>(paths.runRecorded(id), signal),
    // A run of somebody else's program has no such record: that is no failure.
    retry: false,
  })
  return (
    <>
      <Section title={w.inputs}>
        {data.inputs.length === 0 ? (
          <Empty title={w.noInputs} />
        ) : (
          <Table
            label={w.inputs}
            rows={data.inputs.map((input, at) => ({ ...input, at }))}
            keyOf={({ at }) => at}
            columns={[
              { id: 'name', name: w.dataset, cell: ({ name }) => name },
              { id: 'context', name: w.context, cell: ({ context }) => context ?? '–' },
              { id: 'digest', name: w.digest, cell: ({ digest }) => <code className="run-name">{digest}</code> },
              { id: 'source', name: w.source, cell: ({ source }) => <span className="run-value">{source}</span> },
            ]}
          />
        )}
      </Section>
      {asked.data ? (
        <Recorded runId={id} data={asked.data} />
      ) : asked.error ? (
        <Section title={w.code}>
          <Empty title={w.noCode} />
        </Section>
      ) : null}
    </>
  )
}

function Recorded({ runId, data }: { runId: string; data: RecordedAnswer }) {
  const w = useWords().run
  const { training_set: set, git, project, environment } = data
  return (
    <>
      <Section title={w.snapshots} about={<code className="run-name">{set.digest}</code>}>
        <Table
          label={w.snapshots}
          rows={set.snapshots}
          keyOf={({ id }) => id}
          columns={[
            {
              id: 'source',
              name: w.source,
              cell: ({ source }) => (
                <Link to="/data/sources/$source" params={{ source }}>
                  {source}
                </Link>
              ),
            },
            { id: 'at', name: w.moment, cell: ({ valid_at: at }) => <When at={at} exact /> },
            { id: 'known', name: w.known, cell: ({ recorded_at: at }) => <When at={at} /> },
            {
              id: 'id',
              name: w.snapshot,
              cell: ({ id }) => (
                <Link to="/data/snapshots/$id" params={{ id }}>
                  <code className="run-name">{id}</code>
                </Link>
              ),
            },
          ]}
        />
      </Section>
      <Section title={w.code}>
        <KeyValues
          items={[
            ['Weir', `${data.weir.version} · ${data.weir.digest.slice(0, 12)}`],
            [
              w.commit,
              git ? (
                <>
                  <code className="run-name">{git.commit ?? '–'}</code>{' '}
                  <Badge tone={git.dirty ? 'warn' : 'good'}>{git.dirty ? w.dirty : w.clean}</Badge>
                </>
              ) : (
                w.noGit
              ),
            ],
            [w.diff, git?.diff ? <Diff key="diff" /> : undefined],
          ]}
        />
        {(project?.files ?? []).map(({ path, digest, text }) => (
          <details key={path}>
            <summary>
              <span className="run-name">{path}</span> <span className="quiet small">{digest.slice(0, 12)}</span>
            </summary>
            {text !== null && <Code text={text} label={path} />}
          </details>
        ))}
        <p className="quiet">{w.again}</p>
        <Code text={`weir reproduce ${runId}`} />
      </Section>
      {environment && (
        <Section title={w.environment}>
          <KeyValues
            items={[
              ['Node', environment.node ?? '–'],
              ['OS', environment.os],
              [
                'CPU',
                <>
                  {environment.cpu} · <Num value={environment.cores} /> · {environment.kernels}
                </>,
              ],
              ...Object.entries(environment.native),
            ]}
          />
        </Section>
      )}
    </>
  )
}

function Diff() {
  const search = (before: object) => ({ ...before, tab: 'files', file: 'uncommitted.diff', folder: undefined }) as never
  return (
    <Link to="." search={search}>
      uncommitted.diff
    </Link>
  )
}
