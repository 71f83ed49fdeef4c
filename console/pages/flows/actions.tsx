import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { CancelAnswer, FlowAnswer, FlowStep, ResumeAnswer, RetryAnswer } from '../../../src/wire/flows.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm, Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextBox } from '../../ui/fields.tsx'
import { toast, toastError } from '../../ui/toast.tsx'
import { useWords } from '../../words/words.tsx'

/** What can be done to a run now. */
export function Actions({ run }: { run: FlowAnswer }) {
  const { cancel, resume } = run.may
  const waits = run.state === 'waiting' || run.process?.alive === false
  return (
    <>
      {resume === null && waits && <Resume run={run.id} />}
      {cancel === null && <Cancel run={run.id} />}
    </>
  )
}

function Cancel({ run }: { run: string }) {
  const w = useWords().flows
  const queries = useQueryClient()
  const [why, setWhy] = useState('')
  const [busy, setBusy] = useState(false)
  const ask = async (close: () => void) => {
    setBusy(true)
    try {
      await send<CancelAnswer>('POST', paths.cancelFlow(run), { why: why.trim() })
      close()
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
      void queries.invalidateQueries({ queryKey: ['flows'] })
    }
  }
  return (
    <Dialog title={w.cancelTitle} trigger={<Button look="danger">{w.cancel}</Button>}>
      {(close) => (
        <>
          <p>{w.cancelWhat}</p>
          <TextBox
            label={w.why}
            help={w.whyHelp}
            value={why}
            onChange={setWhy}
            isRequired
            autoFocus
            maxLength={5_000}
          />
          <DialogActions>
            <Button onPress={close}>{w.keep}</Button>
            <Button look="danger" isDisabled={busy || why.trim() === ''} onPress={() => void ask(close)}>
              {w.cancel}
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  )
}

function Resume({ run }: { run: string }) {
  const w = useWords().flows
  const queries = useQueryClient()
  const ask = async () => {
    try {
      const { worker } = await send<ResumeAnswer>('POST', paths.resumeFlow(run), {})
      toast(worker ? 'good' : 'bad', worker ? w.resumed : w.noWorker)
    } catch (error) {
      toastError(error)
    }
    void queries.invalidateQueries({ queryKey: ['flows'] })
  }
  return (
    <Button look="main" onPress={() => void ask()}>
      {w.resume}
    </Button>
  )
}

export function Retry({ run, step }: { run: string; step: FlowStep }) {
  const w = useWords().flows
  const navigate = useNavigate()
  const ask = async () => {
    try {
      const made = await send<RetryAnswer>('POST', paths.retryFlow(run), { from: step.number })
      if (!made.worker) toast('bad', w.noWorker)
      await navigate({ to: '/flows/$id', params: { id: made.run } })
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Confirm
      title={w.retryTitle(step.name)}
      action={w.retryDo}
      onConfirm={ask}
      trigger={
        <Button small look="quiet" aria-label={w.retryTitle(step.name)}>
          {w.retry}
        </Button>
      }
    >
      <p>{w.retryWhat}</p>
    </Confirm>
  )
}
