import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { PredictModel } from '../../../src/wire/what-if.ts'
import { Button } from '../../ui/button.tsx'
import { Combo } from '../../ui/choices.tsx'
import { TextField } from '../../ui/fields.tsx'
import { useWords } from '../../words/words.tsx'
import { keysQuery } from '../time/queries.ts'

type Parts = Record<string, string>

/** One field for each join key; the first completes from the keys that the views know. */
export function KeyPicker({
  model,
  parts,
  onPick,
}: {
  model: PredictModel
  parts: Parts
  onPick: (parts: Parts) => void
}) {
  const w = useWords().predict
  const [typed, setTyped] = useState<Parts>(parts)
  const [first] = model.keys
  const [entity] = model.entities
  const prefix = first ? (typed[first.name] ?? '') : ''
  const known = useQuery({ ...keysQuery(entity ?? '', prefix), enabled: entity !== undefined })
  const options = (known.data?.keys ?? []).map(({ text, parts: all }) => {
    const name = model.keys.map((key) => all[key.name] ?? '').join(' · ')
    return { id: text, name: model.keys.length === 1 ? text : name }
  })
  const pick = (id: string) => {
    const found = known.data?.keys.find(({ text }) => text === id)
    if (!found) return
    setTyped(found.parts)
    onPick(found.parts)
  }
  const type = (name: string) => (text: string) => setTyped((old) => ({ ...old, [name]: text }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onPick(typed)
  }
  return (
    <form className="predict-key" onSubmit={submit}>
      {model.keys.map(({ name }, at) =>
        at === 0 ? (
          <Combo
            key={name}
            label={name}
            free
            value={typed[name] ?? ''}
            onType={type(name)}
            onChange={pick}
            options={options}
            placeholder={w.keyHelp}
          />
        ) : (
          <TextField key={name} label={name} value={typed[name] ?? ''} onChange={type(name)} />
        ),
      )}
      <Button type="submit" look="main" isDisabled={model.keys.some(({ name }) => (typed[name] ?? '') === '')}>
        {w.title}
      </Button>
    </form>
  )
}
