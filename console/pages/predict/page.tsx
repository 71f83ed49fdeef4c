import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { EntityFeatures } from '../../../src/wire/features.ts'
import type { PredictModel, PredictModels } from '../../../src/wire/what-if.ts'
import { get, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Select } from '../../ui/choices.tsx'
import { Page as Frame } from '../../ui/page.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { AnswerBox } from './answer-box.tsx'
import type { WhatIfAnswer } from './answers.ts'
import { FeatureTable } from './feature-table.tsx'
import { givenValues } from './given-value.ts'
import { KeyPicker } from './key-picker.tsx'
import { keyTextOf, partsOf } from './key-text.ts'
import './predict.css'
import { Reasons } from './reasons.tsx'
import type { PredictSearch } from './routes.tsx'
import { Snippets } from './snippets.tsx'

export function Page() {
  const w = useWords().predict
  const asked = useQuery({
    queryKey: ['models', 'predictable'],
    queryFn: ({ signal }) => get<PredictModels>(paths.predictable(), signal),
  })
  const { model: named } = useSearch({ from: '/predict' })
  const navigate = useNavigate()
  return (
    <Frame title={w.title}>
      <Answer of={asked}>
        {({ models }) => {
          const model = models.find(({ name }) => name === named) ?? models.find((one) => one.default) ?? models[0]
          if (!model) return <Empty title={w.none} what={w.noneWhat} />
          return (
            <>
              {models.length > 1 && (
                <div className="row">
                  <Select
                    label={w.model}
                    value={model.name}
                    onChange={(name) => void navigate({ to: '/predict', search: { model: name } })}
                    options={models.map(({ name, predicts }) => {
                      return { id: name, name: w.models(name, w.predicts[predicts] ?? predicts) }
                    })}
                  />
                </div>
              )}
              {model.live ? <Ask key={model.name} model={model} /> : <NotLive name={model.name} />}
            </>
          )
        }}
      </Answer>
    </Frame>
  )
}

function NotLive({ name }: { name: string }) {
  const w = useWords().predict
  return (
    <Empty title={w.notLive} what={w.notLiveWhat}>
      <Link to="/models/$name" params={{ name }}>
        {w.toModel}
      </Link>
    </Empty>
  )
}

function Ask({ model }: { model: PredictModel }) {
  const w = useWords().predict
  const search = useSearch({ from: '/predict' })
  const navigate = useNavigate()
  const go = (more: PredictSearch, replace: boolean) =>
    void navigate({ to: '/predict', search: { ...search, model: model.name, ...more }, replace })
  const key = partsOf(model.keys, search.key)
  const whole = keyTextOf(model.keys, key)
  return (
    <>
      <KeyPicker
        model={model}
        key={search.key ?? ''}
        parts={key}
        onPick={(parts) => go({ key: keyTextOf(model.keys, parts) }, false)}
      />
      {whole === undefined ? (
        <Empty title={w.ask} what={w.askWhat} />
      ) : (
        <Predicted
          model={model}
          parts={key}
          text={whole}
          typed={search.set ?? {}}
          onType={(set) => go({ set: Object.keys(set).length === 0 ? undefined : set }, true)}
        />
      )}
    </>
  )
}

function Predicted({
  model,
  parts,
  text,
  typed,
  onType,
}: {
  model: PredictModel
  parts: Record<string, string>
  text: string
  typed: Record<string, string>
  onType: (typed: Record<string, string>) => void
}) {
  const features = givenValues(typed, model.features)
  const asked = useQuery({
    queryKey: ['models', 'what-if', model.name, text, features],
    queryFn: ({ signal }) => send<WhatIfAnswer>('POST', paths.whatIf(model.name), { key: parts, features }, signal),
    placeholderData: (before, query) => (query?.queryKey[3] === text ? keepPreviousData(before) : undefined),
  })
  const live = useQuery({
    queryKey: ['models', 'live-features', model.name, text],
    queryFn: ({ signal }) => get<EntityFeatures>(paths.liveFeatures(model.name, text), signal),
  })
  return (
    <Answer of={asked}>
      {(answer) => (
        <div className="predict">
          <AnswerBox model={model} answer={answer} keyText={text} onReset={() => onType({})} />
          <Reasons answer={answer} />
          <FeatureTable model={model} answer={answer} live={live.data} typed={typed} onType={onType} />
          <Snippets model={model.name} parts={parts} />
        </div>
      )}
    </Answer>
  )
}
