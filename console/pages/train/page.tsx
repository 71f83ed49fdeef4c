import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { TrainingBody, TrainingStarted, TrainingsAnswer } from '../../../src/wire/trainings.ts'
import { get, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Status } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Combo, Select } from '../../ui/choices.tsx'
import { Code } from '../../ui/code.tsx'
import { Checkbox, TextField } from '../../ui/fields.tsx'
import { Duration } from '../../ui/num.tsx'
import { Page as Frame, Section } from '../../ui/page.tsx'
import { Answer, Broken, Empty } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { flowTone } from '../flows/states.tsx'
import { commandOf } from './command.ts'
import type { TrainSearch } from './routes.tsx'
import { Watch } from './watch.tsx'
import './train.css'

const route = getRouteApi('/train')

export function Page() {
  const w = useWords().train
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = (next: TrainSearch) =>
    void navigate({ search: (before: TrainSearch) => ({ ...before, ...next }), replace: next.watch === undefined })
  const asked = useQuery({
    queryKey: ['flows', 'trainings'],
    queryFn: ({ signal }) => get<TrainingsAnswer>(paths.trainings(), signal),
  })
  return (
    <Frame title={w.title}>
      <Answer of={asked}>
        {(data) => (
          <>
            {!data.worker && (
              <p className="train-note" role="status">
                {w.noWorker}
              </p>
            )}
            <div className="train-columns">
              <Section>
                <Form data={data} search={search} onChange={change} />
              </Section>
              {search.watch !== undefined && <Watch key={search.watch} id={search.watch} />}
            </div>
            <Recent data={data} onWatch={(watch) => change({ watch })} />
          </>
        )}
      </Answer>
    </Frame>
  )
}

type FormProps = { data: TrainingsAnswer; search: TrainSearch; onChange: (next: TrainSearch) => void }

function Form({ data, search, onChange }: FormProps) {
  const w = useWords().train
  const queries = useQueryClient()
  const [from, setFrom] = useState('')
  const [knownAt, setKnownAt] = useState('')
  const [reuse, setReuse] = useState(false)
  const model = data.models.find(({ name }) => name === search.model) ?? data.models[0]
  const asOf = search.as_of ?? model?.moments[0] ?? ''
  const start = useMutation({
    mutationFn: (body: TrainingBody) => send<TrainingStarted>('POST', paths.trainings(), body),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['flows'] })
      onChange({ watch: id })
    },
  })
  if (!model) return <Empty title={w.noModels} />
  const body: TrainingBody = {
    model: model.name,
    as_of: asOf,
    ...(from ? { from } : {}),
    ...(knownAt ? { known_at: knownAt } : {}),
    ...(reuse ? { reuse } : {}),
  }
  return (
    <form
      className="train-form"
      onSubmit={(event) => {
        event.preventDefault()
        start.mutate(body)
      }}
    >
      <Select
        label={w.model}
        options={data.models.map(({ name, learner, label }) => ({ id: name, name, about: w.learner(learner, label) }))}
        value={model.name}
        onChange={(name) => onChange({ model: name, as_of: undefined } as TrainSearch)}
      />
      {model.moments.length === 0 && (
        <Empty title={w.noMoments}>
          <Link to="/data/deliver">{w.deliver}</Link>
        </Empty>
      )}
      <Combo
        label={w.asOf}
        free
        options={model.moments.map((moment) => ({ id: moment, name: moment }))}
        value={asOf}
        onChange={(text) => onChange({ as_of: text })}
      />
      <p className="quiet small">{w.asOfHelp}</p>
      <TextField label={w.from} help={w.fromHelp} value={from} onChange={setFrom} placeholder="2024-01-31" />
      <TextField
        label={w.knownAt}
        help={w.knownAtHelp}
        value={knownAt}
        onChange={setKnownAt}
        placeholder="2024-03-01T10:00Z"
      />
      <Checkbox isSelected={reuse} onChange={setReuse}>
        {w.reuse}
      </Checkbox>
      {start.error && <Broken error={start.error} />}
      <div className="row">
        <Button type="submit" look="main" isDisabled={asOf === '' || start.isPending}>
          {w.start}
        </Button>
      </div>
      <details>
        <summary>{w.command}</summary>
        <Code text={commandOf(body)} label={w.command} />
      </details>
    </form>
  )
}

function Recent({ data, onWatch }: { data: TrainingsAnswer; onWatch: (id: string) => void }) {
  const w = useWords().train
  return (
    <Section title={w.recent}>
      {data.recent.length === 0 ? (
        <Empty title={w.none} />
      ) : (
        <Table
          label={w.recent}
          rows={data.recent}
          keyOf={({ id }) => id}
          columns={[
            {
              id: 'state',
              name: w.state,
              cell: ({ state }) => <Status tone={flowTone(state)}>{w.states[state] ?? state}</Status>,
            },
            { id: 'at', name: w.submitted, cell: ({ submitted_at: at }) => <When at={at} /> },
            {
              id: 'took',
              name: w.took,
              number: true,
              cell: ({ started_at: from, finished_at: to }) =>
                from && to ? <Duration ms={Date.parse(to) - Date.parse(from)} /> : null,
            },
            {
              id: 'watch',
              name: w.watch,
              cell: ({ id }) => (
                <Button small look="quiet" onPress={() => onWatch(id)}>
                  {id.slice(0, 8)}
                </Button>
              ),
            },
          ]}
        />
      )}
    </Section>
  )
}
