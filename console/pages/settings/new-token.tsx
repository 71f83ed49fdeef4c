import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { NewTokenAnswer, TokenRequest } from '../../../src/wire/identity.ts'
import { ApiError, send } from '../../api/client.ts'
import { paths } from '../../api/paths.ts'
import { signIn } from '../../api/session.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/choices.tsx'
import { Code } from '../../ui/code.tsx'
import { Dialog, DialogActions } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/fields.tsx'
import { toastError } from '../../ui/toast.tsx'
import { useWords } from '../../words/words.tsx'

const ROLES = ['viewer', 'editor', 'promoter', 'admin'] as const
const EXPIRIES = ['7', '30', '90', '365', ''] as const

/** Makes a token and shows it, once. The first of all is an admin's, and this page signs in with it. */
export function NewToken({ isFirst }: { isFirst: boolean }) {
  const w = useWords().settings
  const [made, setMade] = useState<NewTokenAnswer>()
  const [open, setOpen] = useState(false)
  // Who was the first keeps being it until the dialog is left, though the server has closed meanwhile.
  const [first, setFirst] = useState(false)
  const leave = (close: () => void) => {
    close()
    if (made && first) void signIn(made.token, '/settings/tokens').catch(toastError)
    setMade(undefined)
  }
  return (
    <Dialog
      title={w.newToken}
      isOpen={open}
      onOpenChange={(next) => {
        if (next) setFirst(isFirst)
        else leave(() => {})
        setOpen(next)
      }}
      trigger={<Button look="main">{w.newToken}</Button>}
    >
      {(close) =>
        made === undefined ? (
          <Form isFirst={first || isFirst} onMade={setMade} onCancel={close} />
        ) : (
          <>
            <p>{w.shownOnce}</p>
            <div className="settings-once">
              <Code text={made.token} />
            </div>
            {first && <p>{w.signsIn}</p>}
            <DialogActions>
              <Button look="main" onPress={() => leave(close)}>
                {w.done}
              </Button>
            </DialogActions>
          </>
        )
      }
    </Dialog>
  )
}

type FormProps = { isFirst: boolean; onMade: (made: NewTokenAnswer) => void; onCancel: () => void }

function Form({ isFirst, onMade, onCancel }: FormProps) {
  const words = useWords()
  const w = words.settings
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [role, setRole] = useState<TokenRequest['role']>(isFirst ? 'admin' : 'viewer')
  const [model, setModel] = useState('')
  const [days, setDays] = useState<string>(isFirst ? '' : '90')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    try {
      const expires = days === '' ? null : Number(days)
      const wish: TokenRequest = { name: name.trim(), role, model: model.trim() || null, expires_in_days: expires }
      onMade(await send<NewTokenAnswer>('POST', paths.tokens(), wish))
      // Of the first the list is asked when this page has signed in.
      if (!isFirst) await queries.invalidateQueries({ queryKey: ['tokens'] })
    } catch (failure) {
      setError(failure instanceof ApiError ? failure.detail : String(failure))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="settings-form" onSubmit={submit}>
      {isFirst && <p>{w.noTokensWhat}</p>}
      <TextField label={w.name} help={w.nameHelp} value={name} onChange={setName} error={error} autoFocus />
      {!isFirst && (
        <>
          <Select
            label={w.role}
            value={role}
            onChange={(id) => setRole(id as TokenRequest['role'])}
            options={ROLES.map((id) => ({ id, name: w.roles[id], about: w.rolesAbout[id] }))}
          />
          <TextField label={w.model} help={w.modelHelp} value={model} onChange={setModel} />
        </>
      )}
      <Select
        label={w.expires}
        value={days}
        onChange={setDays}
        options={EXPIRIES.map((id) => ({ id, name: w.expiries[id] }))}
      />
      <DialogActions>
        <Button onPress={onCancel}>{words.ui.cancel}</Button>
        <Button type="submit" look="main" isDisabled={busy || name.trim() === ''}>
          {w.create}
        </Button>
      </DialogActions>
    </form>
  )
}
