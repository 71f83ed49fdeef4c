import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SavedView, ViewState, ViewsAnswer } from '../../../src/wire/runs.ts'
import { get, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/fields.tsx'
import { Answer, Empty } from '../../ui/states.tsx'
import { toast, toastError } from '../../ui/toast.tsx'
import { When } from '../../ui/when.tsx'
import { useWords } from '../../words/words.tsx'
import { searchOfView } from './table-state.ts'

function useViews(experimentId: string) {
  return useQuery({
    queryKey: ['views', experimentId],
    queryFn: ({ signal }) => get<ViewsAnswer>(paths.experimentViews(experimentId), signal),
  })
}

/** The saved views of an experiment: opened by a link, saved under a name for everybody. */
export function ViewsDialog({
  experimentId,
  current,
  state,
  onSaved,
}: {
  experimentId: string
  current: number | undefined
  state: ViewState
  onSaved: (view: number | undefined) => void
}) {
  const w = useWords().experiments
  const queries = useQueryClient()
  const views = useViews(experimentId)
  const [name, setName] = useState('')
  const known = views.data?.views.find(({ id }) => id === current)
  const change = async (what: () => Promise<SavedView | undefined>, said: string) => {
    try {
      const view = await what()
      toast('good', said)
      setName('')
      onSaved(view?.id)
    } catch (error) {
      toastError(error)
    } finally {
      await queries.invalidateQueries({ queryKey: ['views', experimentId] })
    }
  }
  const create = () =>
    change(() => send<SavedView>('POST', paths.experimentViews(experimentId), { name, state }), w.viewSaved(name))
  const replace = (view: SavedView) =>
    change(
      () => send<SavedView>('PUT', paths.experimentView(experimentId, view.id), { name: view.name, state }),
      w.viewSaved(view.name),
    )
  const remove = (view: SavedView) =>
    change(async () => {
      await send('DELETE', paths.experimentView(experimentId, view.id))
      return undefined
    }, w.viewDeleted(view.name))
  return (
    <Dialog title={w.views} trigger={<Button>{known ? `${w.views} · ${known.name}` : w.views}</Button>}>
      {(close) => (
        <>
          <Answer of={views}>
            {({ views: saved }) =>
              saved.length === 0 ? (
                <Empty title={w.viewsNone} />
              ) : (
                <ul className="views-list">
                  {saved.map((view) => (
                    <li key={view.id} className="columns-one">
                      <span className="columns-name">
                        <Link
                          to="/experiments/$experimentId"
                          params={{ experimentId }}
                          search={searchOfView(view.id, view.state)}
                          onClick={close}
                        >
                          {view.name}
                        </Link>{' '}
                        <span className="quiet small">
                          {w.viewBy} {view.saved_by}, <When at={view.saved_at} />
                        </span>
                      </span>
                      <Button small look="quiet" aria-label={w.viewDelete(view.name)} onPress={() => void remove(view)}>
                        ×
                      </Button>
                    </li>
                  ))}
                </ul>
              )
            }
          </Answer>
          {known && <Button onPress={() => void replace(known)}>{w.viewReplace(known.name)}</Button>}
          <TextField label={w.viewName} value={name} onChange={setName} maxLength={250} />
          <DialogActions>
            <Button onPress={close}>{w.done}</Button>
            <Button look="main" isDisabled={name.trim() === ''} onPress={() => void create()}>
              {w.viewSaveNew}
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  )
}
