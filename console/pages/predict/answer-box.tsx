import { Link } from '@tanstack/react-router'
import type { PredictModel } from '../../../src/wire/what-if.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { KeyValues } from '../../ui/key-values.tsx'
import { Meter } from '../../ui/meter.tsx'
import { Num, Percent } from '../../ui/num.tsx'
import { Section } from '../../ui/page.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import type { Predicted, WhatIfAnswer } from './answers.ts'

export function AnswerBox({
  model,
  answer,
  keyText,
  onReset,
}: {
  model: PredictModel
  answer: WhatIfAnswer
  keyText: string
  onReset: () => void
}) {
  const w = useWords().predict
  const { as_is: asIs, what_if: whatIf, changed } = answer
  const moved = changed.length > 0
  const { name, version, run_id: run } = asIs.model
  const [entity] = model.entities
  return (
    <Section
      title={w.answer}
      actions={
        moved && (
          <Button small onPress={onReset}>
            {w.reset}
          </Button>
        )
      }
    >
      <div className="predict-answer">
        <div aria-live="polite">
          <Said of={moved ? whatIf : asIs} model={model} />
          {moved && (
            <p className="predict-was">
              <Badge tone="accent">{w.whatIfAnswer}</Badge> <span className="quiet">{w.was}</span> <Short of={asIs} />
            </p>
          )}
        </div>
        <KeyValues
          items={[
            [
              w.version,
              <Link key="version" to="/models/$name/versions/$version" params={{ name, version }}>
                {w.versionOf(name, version)}
              </Link>,
            ],
            [
              w.run,
              run === '' ? undefined : (
                <Link key="run" to="/experiments/$experimentId/runs/$runId" params={{ experimentId: '0', runId: run }}>
                  {w.runOf(run)}
                </Link>
              ),
            ],
            [
              w.lineage,
              <Link key="lineage" to="/lineage" search={{ of: `version:${name}/${version}` }}>
                {w.lineageOf}
              </Link>,
            ],
            [
              w.entity,
              entity === undefined ? undefined : (
                <Link key="entity" to="/entities/$entity/$key" params={{ entity, key: keyText }}>
                  {w.history}
                </Link>
              ),
            ],
            [w.asOf, <When key="asOf" at={asIs.features_as_of} />],
          ]}
        />
      </div>
    </Section>
  )
}

/** The outcome, large; with several, each with its probability. */
function Said({ of, model }: { of: Predicted; model: PredictModel }) {
  const w = useWords().predict
  if (model.predicts === 'regression') {
    return (
      <p className="predict-said">
        <span className="quiet">{w.value}</span>
        <strong>
          <Num value={Number(of.prediction)} />
        </strong>
      </p>
    )
  }
  const all = Object.entries(of.probabilities ?? {}).sort((a, b) => b[1] - a[1])
  return (
    <>
      <p className="predict-said">
        <span className="quiet">{w.prediction}</span>
        <strong>{String(of.prediction)}</strong>
        {of.probability !== undefined && (
          <>
            <span className="quiet">{w.probability}</span>
            <strong>
              <Percent share={of.probability} digits={2} />
            </strong>
          </>
        )}
      </p>
      {of.probability !== undefined && all.length === 0 && (
        <Meter label={w.probability} value={of.probability} total={1} />
      )}
      {all.length > 0 && (
        <dl className="predict-classes" aria-label={w.probabilities}>
          {all.map(([label, share]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <Meter label={label} value={share} total={1} /> <Percent share={share} digits={2} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}

function Short({ of }: { of: Predicted }) {
  const { prediction, probability, probabilities } = of
  const share = probability ?? probabilities?.[String(prediction)]
  return (
    <>
      <strong>{typeof prediction === 'number' ? <Num value={prediction} /> : prediction}</strong>
      {share !== undefined && (
        <>
          {' '}
          (<Percent share={share} digits={2} />)
        </>
      )}
    </>
  )
}
