import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ModelAnswer, PromotedAnswer, PromotionBody, WaitingAnswer } from '../../../src/wire/registry.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/choices.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { Checkbox, TextBox, TextField } from '../../ui/fields.tsx'
import { Answer, Broken } from '../../ui/states.tsx'
import { useWords } from '../../words/words.tsx'
import { Difference, Gate } from './difference.tsx'
import { gateQuery, serversQuery } from './queries.ts'
import { Swapped } from './servers.tsx'

type Promoted = PromotedAnswer | WaitingAnswer

/** Verdict and difference first, then where to and why; then it is watched until every server has swapped. */
export function PromotionDialog({
  model,
  version,
  onClose,
}: {
  model: ModelAnswer
  version: number
  onClose: () => void
}) {
  const w = useWords().models
  const [done, setDone] = useState<Promoted | null>(null)
  return (
    <Dialog
      title={w.dialog(version, model.name)}
      wide
      isOpen
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
    >
      {() =>
        done === null ? (
          <Ask model={model} version={version} onClose={onClose} onDone={setDone} />
        ) : (
          <Done name={model.name} done={done} onClose={onClose} />
        )
      }
    </Dialog>
  )
}

const STAGES = ['Production', 'Staging', 'Archived', 'None'] as const

function Ask({
  model: { name, promotion },
  version,
  onClose,
  onDone,
}: {
  model: ModelAnswer
  version: number
  onClose: () => void
  onDone: (done: Promoted) => void
}) {
  const w = useWords().models
  const queries = useQueryClient()
  const gate = useQuery(gateQuery(name, version))
  const [kind, setKind] = useState<'stage' | 'alias'>('stage')
  const [stage, setStage] = useState<(typeof STAGES)[number]>('Production')
  const [alias, setAlias] = useState('')
  const [keep, setKeep] = useState(false)
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const asks = promotion.approvals > 0
  const promote = async () => {
    setTried(true)
    if (reason.trim() === '' || (kind === 'alias' && alias.trim() === '')) return
    setBusy(true)
    setError(null)
    const place = kind === 'stage' ? { stage, keep_existing: keep } : { alias: alias.trim() }
    const body: PromotionBody = { version, reason, ...place }
    try {
      onDone(await send<Promoted>('POST', paths.modelPromotions(name), body))
      await queries.invalidateQueries({ queryKey: ['models'] })
    } catch (failed) {
      setError(failed)
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="stack">
      <Answer of={gate}>
        {(verdict) => (
          <>
            <section className="stack">
              <h3>{w.gate}</h3>
              <Gate gate={verdict} />
            </section>
            <section className="stack">
              <h3>{w.difference}</h3>
              <Difference gate={verdict} version={version} />
            </section>
          </>
        )}
      </Answer>
      <div className="models-choices">
        <Select
          label={w.to}
          value={kind}
          options={[
            { id: 'stage', name: w.aStage },
            { id: 'alias', name: w.anAlias },
          ]}
          onChange={(id) => setKind(id === 'alias' ? 'alias' : 'stage')}
        />
        {kind === 'stage' ? (
          <Select
            label={w.stage}
            value={stage}
            options={STAGES.map((id) => ({ id, name: id }))}
            onChange={(id) => setStage(STAGES.find((one) => one === id) ?? 'Production')}
          />
        ) : (
          <TextField
            label={w.alias}
            help={w.aliasHelp}
            value={alias}
            onChange={setAlias}
            error={tried && alias.trim() === '' ? w.aliasHelp : undefined}
          />
        )}
      </div>
      {kind === 'stage' && (stage === 'Production' || stage === 'Staging') && (
        <Checkbox isSelected={keep} onChange={setKeep}>
          {w.keep}
        </Checkbox>
      )}
      <TextBox
        label={w.reason}
        help={w.reasonHelp}
        value={reason}
        onChange={setReason}
        error={tried && reason.trim() === '' ? w.reasonMissing : undefined}
      />
      {asks && <p className="small">{w.needsOther}</p>}
      {error !== null && <Broken error={error} />}
      <DialogActions>
        <Button onPress={onClose}>{w.close}</Button>
        <Button look="main" isDisabled={busy || gate.isPending} onPress={() => void promote()}>
          {asks ? w.doAsk : w.doPromote}
        </Button>
      </DialogActions>
    </div>
  )
}

function Done({ name, done, onClose }: { name: string; done: Promoted; onClose: () => void }) {
  const w = useWords().models
  const servers = useQuery(serversQuery(name))
  return (
    <div className="stack" role="status">
      {done.state === 'waiting' ? (
        <p>{w.asWaits(done.request.id)}</p>
      ) : (
        <>
          <p>{w.done(done.version ?? 0, [done.stage ?? '', ...done.aliases.map((alias) => `@${alias}`)].join(' '))}</p>
          {done.stage === 'Production' && <Answer of={servers}>{(answer) => <Swapped {...answer} />}</Answer>}
        </>
      )}
      <DialogActions>
        <Button look="main" onPress={onClose}>
          {w.close}
        </Button>
      </DialogActions>
    </div>
  )
}
