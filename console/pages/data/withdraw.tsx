import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { WithdrawAnswer } from '../../../src/wire/lineage.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextBox } from '../../ui/fields.tsx'
import { Answer, Broken } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { useWords } from '../../words/words.tsx'
import { Impact, useImpact } from './impact.tsx'

/** Taking a snapshot back: who read it is seen before, and a reason is asked for. */
export function WithdrawDialog({ id }: { id: string }) {
  const w = useWords().data
  return (
    <Dialog title={w.withdrawTitle(id)} trigger={<Button look="danger">{w.withdraw}</Button>} wide>
      {(close) => <Wish id={id} close={close} />}
    </Dialog>
  )
}

function Wish({ id, close }: { id: string; close: () => void }) {
  const words = useWords()
  const w = words.data
  const [reason, setReason] = useState('')
  const queries = useQueryClient()
  const impact = useImpact(id)
  const wish = useMutation({
    mutationFn: () => send<WithdrawAnswer>('POST', paths.snapshotWithdraw(id), { reason }),
    onSuccess: ({ snapshot, counts_now: now }) => {
      toast('good', w.withdrawDone(snapshot.id, now))
      for (const topic of ['snapshots', 'sources', 'overview']) void queries.invalidateQueries({ queryKey: [topic] })
      close()
    },
  })
  return (
    <>
      <p>{w.withdrawWhat}</p>
      <h3>{w.impact}</h3>
      <Answer of={impact}>{(found) => <Impact of={found} />}</Answer>
      <TextBox label={w.reason} help={w.reasonHelp} value={reason} onChange={setReason} isRequired rows={2} />
      {wish.error ? <Broken error={wish.error} /> : null}
      {wish.isPending && <p role="status">{w.withdrawing}</p>}
      <DialogActions>
        <Button onPress={close}>{words.ui.cancel}</Button>
        <Button
          look="danger"
          isDisabled={reason.trim() === '' || impact.data === undefined || wish.isPending}
          onPress={() => wish.mutate()}
        >
          {w.withdrawDo}
        </Button>
      </DialogActions>
    </>
  )
}
