import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AlertShown } from '../../../src/wire/alerts.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/choices.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/fields.tsx'
import { toast, toastError } from '../../ui/toast.tsx'
import { useWords } from '../../words/words.tsx'

const TIMES = ['1h', '12h', '1d', '7d', '30d'] as const

/** Says that somebody knows. */
export function Acknowledge({ alert: { id, rule } }: { alert: AlertShown }) {
  const w = useWords().watch
  const [why, setWhy] = useState('')
  const change = useChange()
  return (
    <Dialog title={w.acknowledgeTitle(rule)} trigger={<Button small>{w.acknowledge}</Button>}>
      {(close) => (
        <>
          <p>{w.acknowledgeWhat}</p>
          <TextField label={w.why} value={why} onChange={setWhy} />
          <Deeds
            name={w.acknowledge}
            close={close}
            onDo={() => change(paths.acknowledgeAlert(id), why === '' ? {} : { why }, w.acknowledged)}
          />
        </>
      )}
    </Dialog>
  )
}

/** Tells nobody of a rule for a while; of all rules where none is named. */
export function Silence({ rule }: { rule: string | null }) {
  const w = useWords().watch
  const [lasts, setLasts] = useState<string>('12h')
  const [why, setWhy] = useState('')
  const change = useChange()
  const title = rule === null ? w.silenceAll : w.silenceTitle(rule)
  return (
    <Dialog
      title={title}
      trigger={
        <Button small look="quiet">
          {rule === null ? w.silenceAll : w.silence}
        </Button>
      }
    >
      {(close) => (
        <>
          <p>{w.silenceWhat}</p>
          <Select
            label={w.for}
            value={lasts}
            onChange={setLasts}
            options={TIMES.map((time) => ({ id: time, name: w.times[time] }))}
          />
          <TextField label={w.why} value={why} onChange={setWhy} />
          <Deeds
            name={w.silence}
            close={close}
            onDo={() => change(paths.alertSilences(), { rule, for: lasts, ...(why === '' ? {} : { why }) }, w.silenced)}
          />
        </>
      )}
    </Dialog>
  )
}

function Deeds({ name, close, onDo }: { name: string; close: () => void; onDo: () => Promise<boolean> }) {
  const w = useWords().ui
  return (
    <DialogActions>
      <Button onPress={close}>{w.cancel}</Button>
      <Button look="main" onPress={() => void onDo().then((done) => done && close())}>
        {name}
      </Button>
    </DialogActions>
  )
}

/** Sends a change and asks anew; what was refused is shown, and the dialog stays. */
export function useChange() {
  const queries = useQueryClient()
  return async (path: string, body: object, said: string): Promise<boolean> => {
    try {
      await send('POST', path, body)
      toast('good', said)
      return true
    } catch (error) {
      toastError(error)
      return false
    } finally {
      await queries.invalidateQueries({ queryKey: ['alerts'] })
    }
  }
}
