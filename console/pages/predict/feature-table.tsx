import type { EntityFeatures } from '../../../src/wire/features.ts'
import type { PredictModel } from '../../../src/wire/what-if.ts'
import { Status, type Tone } from '../../ui/badge.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Num } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { Table } from '../../ui/table.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { valueText, type WhatIfAnswer } from './answers.ts'

const TONES: Record<string, Tone> = {
  PRESENT: 'good',
  NULL_VALUE: 'neutral',
  NOT_FOUND: 'warn',
  OUTSIDE_MAX_AGE: 'bad',
}

type Typed = Record<string, string>

/** The features of the answer, each with a place for another value. */
export function FeatureTable({
  model,
  answer,
  live,
  typed,
  onType,
}: {
  model: PredictModel
  answer: WhatIfAnswer
  live: EntityFeatures | undefined
  typed: Typed
  onType: (typed: Typed) => void
}) {
  const w = useWords().predict
  const shown = answer.changed.length > 0 ? answer.what_if : answer.as_is
  const type = (name: string, text: string) => {
    const { [name]: _, ...others } = typed
    onType(text === '' ? others : { ...others, [name]: text })
  }
  return (
    <Section title={w.features} about={w.whatIfHelp}>
      <Table
        label={w.features}
        rows={model.features}
        keyOf={({ name }) => name}
        rowTone={({ name }) => (answer.changed.includes(name) ? 'changed' : undefined)}
        columns={[
          {
            id: 'name',
            name: w.feature,
            cell: ({ name, type: is }) => (
              <>
                {name} <span className="quiet small">{is}</span>
              </>
            ),
          },
          { id: 'value', name: w.live, number: true, cell: ({ name }) => valueText(answer.as_is.features_used[name]) },
          {
            id: 'status',
            name: w.status,
            cell: ({ name }) => {
              const status = live?.statuses[name]
              return status ? <Status tone={TONES[status] ?? 'neutral'}>{w.statuses[status] ?? status}</Status> : '–'
            },
          },
          { id: 'time', name: w.time, cell: ({ name }) => <When at={live?.event_timestamps[name] ?? null} /> },
          {
            id: 'adds',
            name: w.adds,
            number: true,
            cell: ({ name }) => <Num value={shown.explanation.contributions[name] ?? null} digits={3} />,
          },
          {
            id: 'what-if',
            name: w.whatIf,
            cell: ({ name }) => (
              <TextField
                label={w.whatIfOf(name)}
                labelUnseen
                value={typed[name] ?? ''}
                onChange={(text) => type(name, text)}
                placeholder={valueText(answer.as_is.features_used[name])}
              />
            ),
          },
        ]}
      />
    </Section>
  )
}
