import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { FlowAnswer } from '../../../src/wire/flows.ts'
import { get } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Code } from '../../ui/code.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Duration } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer } from '../../ui/states.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { Actions } from './actions.tsx'
import './flows.css'
import { madeBy } from './links.ts'
import { RunLog } from './log.tsx'
import { MadeLinks } from './made.tsx'
import { FlowState } from './states.tsx'
import { Steps } from './steps.tsx'

export function Page() {
  const w = useWords().flows
  const { id } = useParams({ from: '/flows/$id' })
  const asked = useQuery({
    queryKey: ['flows', 'run', id],
    queryFn: ({ signal }) => get<FlowAnswer>(paths.flowRun(id), signal),
  })
  const run = asked.data
  return (
    <Frame
      title={run ? run.flow : w.run}
      crumbs={[{ title: w.title, to: '/flows' }]}
      about={run && <FlowState state={run.state} cancelling={run.state === 'running' && run.cancel !== null} />}
      actions={run && <Actions run={run} />}
    >
      <Answer of={asked}>
        {(run) => (
          <>
            <Facts run={run} />
            <Steps run={run} />
            <RunLog id={run.id} over={run.finished_at !== null} />
            <div className="flows-values">
              <Value title={w.input} of={run.input} />
              {run.output.value !== null && <Value title={w.output} of={run.output} />}
            </div>
          </>
        )}
      </Answer>
    </Frame>
  )
}

function Facts({ run }: { run: FlowAnswer }) {
  const w = useWords().flows
  const { started_at: from, finished_at: to, error, cancel, process } = run
  const made = madeBy(run.flow, run.output.value)
  const cancelled = cancel && (run.state === 'cancelled' ? w.cancelled : run.state === 'running' ? w.asked : w.late)
  return (
    <Section>
      {error && (
        <p className="flows-error" role="note">
          <strong>{w.error}:</strong> {error.message} {error.code === null && <em>({w.fault})</em>}
        </p>
      )}
      {cancel && cancelled && (
        <p className="flows-cancelled">
          <strong>{cancelled(cancel.by)}</strong> (<When at={cancel.asked_at} />){cancel.why && `: ${cancel.why}`}
        </p>
      )}
      <KeyValues
        items={[
          [w.run, <code key="id">{run.id}</code>],
          [w.submitted, <When key="at" at={run.submitted_at} />],
          [w.by, run.by ?? '–'],
          [w.took, from && to ? <Duration key="took" ms={Date.parse(to) - Date.parse(from)} /> : undefined],
          [w.made, made.length > 0 ? <MadeLinks key="made" made={made} /> : undefined],
          [
            w.process,
            process ? (
              <span key="process">
                {w.processOf(process.pid)} {!process.alive && <strong>{w.dead}</strong>}
              </span>
            ) : undefined,
          ],
          [w.state, run.deaths > 0 ? w.deaths(run.deaths) : undefined],
          [w.retryOf, run.retry_of === null ? undefined : <RunLink key="of" id={run.retry_of} />],
          [
            w.retries,
            run.retries.length === 0 ? undefined : (
              <span key="retries">
                {run.retries.map((id) => (
                  <RunLink key={id} id={id} />
                ))}
              </span>
            ),
          ],
        ]}
      />
    </Section>
  )
}

function RunLink({ id }: { id: string }) {
  return (
    <Link to="/flows/$id" params={{ id }} className="flows-run-link">
      {id.slice(0, 8)}
    </Link>
  )
}

function Value({ title, of: { value, cut } }: { title: string; of: FlowAnswer['input'] }) {
  const w = useWords().flows
  return (
    <Section title={title} about={cut ? w.cut : undefined}>
      <Code text={JSON.stringify(value, null, 2)} label={title} />
    </Section>
  )
}
