import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunAnswer, ScheduleAnswer } from '../../../../src/wire/schedules.ts'
import { send } from '../../../api/client.ts'
import { paths } from '../../../api/paths.ts'
import { Button } from '../../../ui/button.tsx'
import { Confirm, Dialog, DialogActions } from '../../../ui/dialog.tsx'
import { TextBox } from '../../../ui/fields.tsx'
import { toast, toastError } from '../../../ui/toast.tsx'
import { useWords } from '../../../words/words.tsx'

/** What people can do to a schedule. */
export function Actions({ schedule: { name, paused } }: { schedule: ScheduleAnswer }) {
  const w = useWords().schedules
  const queries = useQueryClient()
  const ask = async (what: 'pause' | 'resume' | 'run', body: object) => {
    try {
      const answer = await send<ScheduleAnswer | RunAnswer>('POST', paths.changeSchedule(name, what), body)
      if ('worker' in answer) toast(answer.worker ? 'good' : 'bad', answer.worker ? w.began : w.noWorker)
    } catch (error) {
      toastError(error)
    }
    void queries.invalidateQueries({ queryKey: ['flows'] })
  }
  return (
    <div className="row">
      <Confirm
        title={w.runTitle(name)}
        action={w.run}
        onConfirm={() => ask('run', {})}
        trigger={
          <Button small look="quiet" aria-label={w.runTitle(name)}>
            {w.run}
          </Button>
        }
      >
        <p>{w.runWhat}</p>
      </Confirm>
      {paused ? (
        <Button small onPress={() => void ask('resume', {})}>
          {w.resume}
        </Button>
      ) : (
        <Pause name={name} onPause={(why) => ask('pause', why === '' ? {} : { why })} />
      )}
    </div>
  )
}

function Pause({ name, onPause }: { name: string; onPause: (why: string) => Promise<void> }) {
  const w = useWords().schedules
  const [why, setWhy] = useState('')
  return (
    <Dialog
      title={w.pauseTitle(name)}
      trigger={
        <Button small look="quiet" aria-label={w.pauseTitle(name)}>
          {w.pause}
        </Button>
      }
    >
      {(close) => (
        <>
          <p>{w.pauseWhat}</p>
          <TextBox label={w.why} help={w.whyHelp} value={why} onChange={setWhy} autoFocus maxLength={5_000} />
          <DialogActions>
            <Button onPress={close}>{w.keep}</Button>
            <Button look="main" onPress={() => void onPause(why.trim()).then(close)}>
              {w.pause}
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  )
}
