import { useQueryClient } from '@tanstack/react-query'
import type { StageChanged } from '../../../src/wire/runs.ts'
import { send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { toast, toastError } from '../../ui/toast.tsx'
import { useWords } from '../../words/words.tsx'

const COMPARED = { min: 2, max: 100 }

/** What can be done with the runs that are chosen. */
export function ChosenBar({
  experimentId,
  chosen,
  onDone,
}: {
  experimentId: string
  chosen: ReadonlySet<string>
  onDone: () => void
}) {
  const w = useWords().experiments
  const queries = useQueryClient()
  const ids = [...chosen]
  const canCompare = ids.length >= COMPARED.min && ids.length <= COMPARED.max
  const change = async (path: string, said: (n: number) => string) => {
    try {
      const { changed } = await send<StageChanged>('POST', path, { run_ids: ids })
      toast('good', said(changed.length))
      onDone()
    } catch (error) {
      toastError(error)
    } finally {
      void queries.invalidateQueries({ queryKey: ['runs', experimentId] })
      void queries.invalidateQueries({ queryKey: ['experiments'] })
    }
  }
  return (
    <>
      <strong>{w.chosen(ids.length)}</strong>
      {canCompare ? (
        <a className="button main" href={`#/compare-runs?runs=${encodeURIComponent(JSON.stringify(ids))}`}>
          {w.compare}
        </a>
      ) : (
        <span className="quiet small">{w.compareFew}</span>
      )}
      <Confirm
        title={w.deleteTitle(ids.length)}
        trigger={<Button>{w.delete}</Button>}
        action={w.delete}
        danger
        onConfirm={() => change(paths.runsDelete(), w.deleted)}
      >
        <p>{w.deleteWhat}</p>
      </Confirm>
      <Button onPress={() => void change(paths.runsRestore(), w.restored)}>{w.restore}</Button>
      <Button look="quiet" onPress={onDone}>
        {w.clear}
      </Button>
    </>
  )
}
